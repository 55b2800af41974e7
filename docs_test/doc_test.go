// Package docs_test runs the commands of the documents: README.md, CONTRIBUTING.md and
// docs/*.md. Each block of a shell (```sh) has a comment on the line before it that says what
// becomes of it, and a block without one fails a test:
//
//	<!-- ci:run -->                 it is run, and has to succeed
//	<!-- ci:run "ok" -->            and its output has to have this text
//	<!-- ci:fails "line 3" -->      it has to fail, with this text
//	<!-- ci:background "ready" -->  it is started, and runs beside the blocks that come after
//	                                this text, until the document ends; then it is interrupted,
//	                                as by Ctrl-C, and has to leave with 0
//	<!-- ci:by TestName -->         this test runs it; "step NAME": this step of .ci/run
//	<!-- ci:not REASON -->          nothing runs it, for this reason
//	<!-- ci:file NAME -->           this block, of any language, is written to a file
//
// The blocks of a document are run in their order, in one new folder, in which files are
// named as the document names them and bifrost is on the PATH. "clone" after the verb, as in
// <!-- ci:run clone -->, runs a block in this repository instead. There is no key in the
// environment, and no network but loopback, which is not the machine's: ports that documents
// name are free.
package docs_test
