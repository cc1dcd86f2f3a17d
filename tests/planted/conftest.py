pytest_plugins = ["again"]
