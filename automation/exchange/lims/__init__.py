"""The system of a laboratory, reached over its FHIR interface: requests go there, results come back."""
