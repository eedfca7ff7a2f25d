"""EPCIS 2.0: what happened to containers, as events that another system takes in; and what others say of theirs."""
