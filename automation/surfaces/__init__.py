"""What people see: command line and documents, generic over tables."""
