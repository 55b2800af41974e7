module bifrost/docs_test

go 1.26.0
