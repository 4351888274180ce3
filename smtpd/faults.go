package smtpd

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
)

// errorLog hears what go-smtp has to say beside its replies.
type errorLog struct{ srv *Server }

func (e errorLog) Printf(format string, v ...any) {
	level := slog.LevelDebug // clients that went away
	switch {
	case strings.HasPrefix(format, "panic"):
		e.srv.stats.Panics.Add(1)
		level = slog.LevelError
	case strings.HasPrefix(format, "accept"):
		level = slog.LevelWarn
	}
	e.srv.cfg.Log.Log(context.Background(), level, "smtp: "+fmt.Sprintf(format, v...))
}

func (e errorLog) Println(v ...any) { e.Printf("%s", fmt.Sprint(v...)) }

// caught turns a panic of the Taker into an error and a line in the log; it is for defer.
func (s *Server) caught(c *conn, trace string, err *error) {
	if p := recover(); p != nil {
		s.stats.Panics.Add(1)
		s.cfg.Log.Error("panic", "session", c.id, "trace", trace, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		c.end()
		*err = replyPanic
	}
}
