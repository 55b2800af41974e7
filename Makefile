# Every target is a step of .ci/run, where the commands are; `make check` is what
# CI runs.
.PHONY: check test static format vet lint ui ui-check generate generated floors tidy race modules bench fuzz smoke cover

check:
	@.ci/run

test static format vet lint ui ui-check generate generated floors tidy race modules bench fuzz smoke cover:
	@.ci/run $@
