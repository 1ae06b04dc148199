"""Takes sources through data contracts into raw tables; refused rows go to quarantine."""
