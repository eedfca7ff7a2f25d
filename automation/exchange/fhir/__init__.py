"""HL7 FHIR R5: samples, requests, products and results written as bundles, and results of laboratories read."""
