package smtpd

// stackRoom is what the work on a mail needs of a goroutine's stack, in bytes.
const stackRoom = 24 << 10

// makeRoom lets the stack grow once, while it holds little. Each connection is a new goroutine, and step by step its stack
// would be copied four times, with all that stands on it by then.
//
//go:noinline
func makeRoom() byte {
	var room [stackRoom]byte
	return room[len(room)-1-int(zero)]
}

var zero byte // keeps the compiler from leaving the room out
