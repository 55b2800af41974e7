package actors

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// ender is the worker's end of an answer that streams.
type ender interface {
	// seal makes the end of the context come too late to be the answer's end: from
	// the moment the mailbox knows the outcome, a shutdown may cancel it.
	seal()
	// counted returns the usage that was seen on its way; nil if none was.
	counted() *schemas.Usage
	// end ends the answer for its reader: regularly if err is nil. usage is what the
	// answer's Usage returns from now on.
	end(err error, usage *schemas.Usage)
}

// errReaderClosed is the cause when the reader has closed its stream.
var errReaderClosed = &schemas.Error{Kind: schemas.KindCanceled, Message: "the stream was closed by its reader", MayHaveStarted: true}

// stream gives the caller the beginning of the answer, then stays with it until
// its end: chunks go through a bounded pipe that the caller reads, so a slow
// reader slows the provider's connection and memory does not grow. The counters
// are settled, and the next call taken, before the reader sees the end.
func (w *worker) stream(c *call, res result) mailbox.Next[*call] {
	finish := func(err error) mailbox.Next[*call] {
		w.source = nil // whatever its Close does, it is not called again
		discard(res.resp)
		usage := w.usageOf(res.resp)
		w.passage.noteUsage(usage)
		w.endPassage(res.resp, err)
		if w.pipe != nil {
			c.passage.noteWait(c)
			c.passage.noteUsage(usage)
			c.passage.after(res.resp, err)
			w.pipe.seal()
		}
		next, _ := w.router.mb.Finish(w.slot, streamOutcome(c, err))
		w.rests(next)
		if w.pipe != nil {
			w.pipe.end(err, usage)
			w.pipe = nil
		}
		w.letGo(res.cancel)
		w.leaveSettings()
		c.release()
		return next
	}
	if !w.router.mb.Reply(&c.entry) {
		return finish(errReaderClosed)
	}
	w.source = res.resp
	w.doing.note(streaming, c.began+res.resp.FirstContent, c.req)
	idle := w.used.network.ReaderIdleTimeout
	answer := *res.resp
	var pump func() error
	if res.resp.Stream != nil {
		p := newChunkPipe(res.ctx, res.cancel, idle)
		w.pipe, answer.Stream, pump = p, p, func() error { return p.pump(res.resp.Stream, w.passage.chunk()) }
	} else {
		p := newBodyPipe(res.ctx, res.cancel, idle)
		raw := *res.resp.Raw
		raw.Body = p
		w.pipe, answer.Raw, pump = p, &raw, func() error { return p.pump(res.resp.Raw.Body, w.copyBuffer()) }
	}
	c.answer(&answer, nil)
	return finish(w.streamError(res.ctx, c, pump()))
}

// usageOf returns the tokens of an answer that has streamed: as its source tells them, or
// as its chunks did.
func (w *worker) usageOf(source *schemas.Response) *schemas.Usage {
	usage := source.Usage()
	if usage == nil && w.pipe != nil {
		usage = w.pipe.counted()
	}
	return usage
}

// streamError is what a stream that broke off ends with; nil at its regular end.
func (w *worker) streamError(ctx context.Context, c *call, err error) error {
	switch {
	case err == nil:
		return nil
	case saidByProvider(err) && !c.endedWith(err):
		ctx = context.WithoutCancel(ctx) // its end came second
	case ownCauseOf(ctx) == errReaderClosed:
		return errReaderClosed
	}
	return w.classify(ctx, c, err)
}

// streamOutcome is outcome for a stream. One that the provider itself called off
// has failed, though its reader, who was told so in it, may have left since.
func streamOutcome(c *call, err error) mailbox.Outcome {
	if saidByProvider(err) {
		return mailbox.Failed
	}
	return outcome(c, err)
}

// saidByProvider reports whether an error is the provider's own words.
func saidByProvider(err error) bool {
	var e *schemas.Error
	return errors.As(err, &e) && e.Upstream != nil
}

// copyBuffer is the worker's own buffer for raw answers.
func (w *worker) copyBuffer() []byte {
	if w.buffer == nil {
		w.buffer = make([]byte, 32<<10)
	}
	return w.buffer
}

// discard closes an answer that has no reader.
func discard(resp *schemas.Response) {
	if resp == nil {
		return
	}
	if resp.Stream != nil {
		_ = resp.Stream.Close()
	}
	if resp.Raw != nil && resp.Raw.Body != nil {
		_ = resp.Raw.Body.Close()
	}
}

// readerIdle is the error of a reader that neither reads nor closes.
func readerIdle(after time.Duration) error {
	return &ownCause{&schemas.Error{Kind: schemas.KindTimeout, MayHaveStarted: true,
		Message: "the stream was not read for " + after.String() + "; read or close it sooner, or raise reader_idle_timeout"}}
}

// chunkPipe carries chat chunks from a worker to one reader.
type chunkPipe struct {
	chunks chan *schemas.ChatChunk
	ctx    context.Context
	cancel context.CancelCauseFunc
	idle   time.Duration

	sealed atomic.Bool   // the end is decided
	ended  chan struct{} // closed by the worker, after err is set
	err    error

	seen  *schemas.Usage // in a chunk; the worker's own
	usage atomic.Pointer[schemas.Usage]

	last error // the reader's own: what Next returns from now on
}

// chunkBuffer is how many chunks may lie between worker and reader.
const chunkBuffer = 16

func newChunkPipe(ctx context.Context, cancel context.CancelCauseFunc, idle time.Duration) *chunkPipe {
	return &chunkPipe{chunks: make(chan *schemas.ChatChunk, chunkBuffer), ctx: ctx, cancel: cancel,
		idle: idle, ended: make(chan struct{}), err: io.EOF}
}

// pump moves chunks until the stream ends; nil at its regular end. see, which may
// be nil, has each chunk first.
func (p *chunkPipe) pump(from schemas.ChunkReader, see func(*schemas.ChatChunk) error) error {
	for {
		chunk, err := from.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil && chunk.Usage != nil {
			usage := *chunk.Usage // the chunk will be the reader's
			p.seen = &usage
		}
		if err == nil && see != nil {
			err = see(chunk)
		}
		if err == nil {
			err = p.send(chunk)
		}
		if err != nil {
			return err
		}
	}
}

func (p *chunkPipe) send(chunk *schemas.ChatChunk) error {
	select {
	case p.chunks <- chunk:
		return nil
	default:
	}
	timer := time.NewTimer(p.idle)
	defer timer.Stop()
	select {
	case p.chunks <- chunk:
		return nil
	case <-p.ctx.Done():
		return causeOf(p.ctx)
	case <-timer.C:
		p.cancel(readerIdle(p.idle))
		return causeOf(p.ctx)
	}
}

func (p *chunkPipe) seal() { p.sealed.Store(true) }

func (p *chunkPipe) counted() *schemas.Usage { return p.seen }

// Usage is schemas.UsageReporter's.
func (p *chunkPipe) Usage() *schemas.Usage { return p.usage.Load() }

func (p *chunkPipe) end(err error, usage *schemas.Usage) {
	p.usage.Store(usage)
	if err != nil {
		p.err = err
	}
	close(p.ended)
}

// Next returns the next chunk; see schemas.ChunkReader.
func (p *chunkPipe) Next() (*schemas.ChatChunk, error) {
	if p.last != nil {
		return nil, p.last
	}
	select {
	case chunk := <-p.chunks:
		return chunk, nil
	default:
	}
	select {
	case chunk := <-p.chunks:
		return chunk, nil
	case <-p.ended:
	case <-p.ctx.Done():
		// The worker ends the stream as soon as its provider lets it; a provider that
		// does not heed its context must not hold up the reader.
	}
	return p.rest()
}

// rest empties the pipe, and then says how the stream ended.
func (p *chunkPipe) rest() (*schemas.ChatChunk, error) {
	ended := p.hasEnded() // before the pipe is looked at: no chunk comes after the end
	select {
	case chunk := <-p.chunks:
		return chunk, nil
	default:
	}
	if ended {
		p.last = p.err
	} else {
		p.last = causeOf(p.ctx)
	}
	return nil, p.last
}

// hasEnded reports whether the worker has ended the stream. It waits for one that
// is about to.
func (p *chunkPipe) hasEnded() bool {
	if p.sealed.Load() {
		<-p.ended
	}
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Close gives up the rest of the stream.
func (p *chunkPipe) Close() error {
	p.cancel(&ownCause{errReaderClosed})
	return nil
}

// causeOf is the error of a stream whose context has ended.
func causeOf(ctx context.Context) error {
	return ended(ctx, &schemas.Request{})
}

// bodyPipe carries a raw answer's bytes from a worker to one reader, without a
// buffer of its own: a write lasts until all of it is read.
type bodyPipe struct {
	r      *io.PipeReader
	w      *io.PipeWriter
	cancel context.CancelCauseFunc
	idle   time.Duration
	unhook func() bool
	usage  atomic.Pointer[schemas.Usage]

	mu      sync.Mutex  // guards what follows
	timer   *time.Timer // runs while a write waits for the reader
	writing bool
}

func newBodyPipe(ctx context.Context, cancel context.CancelCauseFunc, idle time.Duration) *bodyPipe {
	r, w := io.Pipe()
	p := &bodyPipe{r: r, w: w, cancel: cancel, idle: idle}
	p.timer = time.AfterFunc(idle, func() { cancel(readerIdle(idle)) })
	p.timer.Stop()
	// A provider that does not heed its context must not hold up the reader. The
	// pipe keeps the first error, so this changes nothing after the regular end.
	p.unhook = context.AfterFunc(ctx, func() { _ = w.CloseWithError(causeOf(ctx)) })
	return p
}

// pump moves bytes until the body ends; nil at its regular end.
func (p *bodyPipe) pump(from io.Reader, buffer []byte) error {
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if werr := p.write(buffer[:n]); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// write waits until the reader has taken all of b, or has been idle for too long.
func (p *bodyPipe) write(b []byte) error {
	p.await(true)
	defer p.await(false)
	_, err := p.w.Write(b)
	return err
}

// await starts or stops the reader's time.
func (p *bodyPipe) await(reader bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writing = reader
	if reader {
		p.timer.Reset(p.idle)
	} else {
		p.timer.Stop()
	}
}

// Read reads the body. Each read gives the reader its time anew.
func (p *bodyPipe) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.writing && n > 0 {
		p.timer.Reset(p.idle)
	}
	return n, err
}

func (p *bodyPipe) seal() { p.unhook() }

func (p *bodyPipe) counted() *schemas.Usage { return nil }

// Usage is schemas.UsageReporter's.
func (p *bodyPipe) Usage() *schemas.Usage { return p.usage.Load() }

func (p *bodyPipe) end(err error, usage *schemas.Usage) {
	p.usage.Store(usage)
	p.unhook()
	_ = p.w.CloseWithError(err)
}

// Close gives up the rest of the body.
func (p *bodyPipe) Close() error {
	p.cancel(&ownCause{errReaderClosed})
	return p.r.Close()
}
