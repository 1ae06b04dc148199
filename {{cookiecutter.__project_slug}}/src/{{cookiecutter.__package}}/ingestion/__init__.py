"""Sources through data contracts into raw tables; rows that break a contract to quarantine."""
