"""How findings are told: lines for people, SARIF and JUnit for tools."""
