# Every target is a step of .ci/run, where the commands are; `make check` is what
# CI runs. A release is made by .ci/release, which `.ci/run release` checks.
.PHONY: check test static format vet lint ui ui-check generate generated floors tidy race modules bench fuzz smoke cover release

check:
	@.ci/run

test static format vet lint ui ui-check generate generated floors tidy race modules bench fuzz smoke cover:
	@.ci/run $@

release:
	@.ci/release "$(VERSION)"
