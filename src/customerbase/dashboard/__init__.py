"""Dashboard: a workspace in the browser, from every number down to the customers behind it."""
