package actors

import (
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// lettersBuffer is how many events may wait to be published.
const lettersBuffer = 256

// letters publishes dead letters, and the failures of workers, on the engine's
// event stream, where publishing runs the subscribers: one goroutine does it, so
// that a subscriber that is slow or panics cannot hold up a refusal or a restart.
// What overflows its buffer is counted.
type letters struct {
	engine *actor.ActorSystem
	buffer chan any // *actor.DeadLetterEvent, *actor.SupervisorEvent
	lost   atomic.Uint64

	once sync.Once
	quit chan struct{}
	done chan struct{}
}

func newLetters(engine *actor.ActorSystem) *letters {
	l := &letters{engine: engine, buffer: make(chan any, lettersBuffer),
		quit: make(chan struct{}), done: make(chan struct{})}
	go l.run() // ends when stop is called
	return l
}

// publish does not block.
func (l *letters) publish(d any) {
	select {
	case <-l.quit:
		l.lost.Add(1)
		return
	default:
	}
	select {
	case l.buffer <- d:
	default:
		l.lost.Add(1)
	}
}

func (l *letters) run() {
	defer close(l.done)
	for {
		select {
		case d := <-l.buffer:
			l.emit(d)
		case <-l.quit:
			for {
				select {
				case d := <-l.buffer:
					l.emit(d)
				default:
					return
				}
			}
		}
	}
}

// emit runs the subscribers. One that panics loses its own event only.
func (l *letters) emit(d any) {
	defer func() {
		if recover() != nil {
			l.lost.Add(1)
		}
	}()
	l.engine.EventStream.Publish(d)
}

// stop publishes what is buffered and ends the goroutine.
func (l *letters) stop() {
	l.once.Do(func() { close(l.quit) })
}
