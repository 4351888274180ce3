package smtpd

import (
	"net"
	"net/netip"
	"strconv"
	"time"
)

// listener turns away whom admit does not let in.
type listener struct {
	net.Listener
	srv *Server
}

func (l listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.srv.admit(raw); c != nil {
			return c, nil
		}
	}
}

// admit lets a client in within the limits, and tells another 421.
func (s *Server) admit(raw net.Conn) *conn {
	now := time.Now()
	c := &conn{Conn: raw, srv: s, opened: now, peer: peerOf(raw), left: commandBytes}
	key := s.counted(c.peer)
	s.mu.Lock()
	why := ""
	switch l := s.cfg.Limits; {
	case s.closing:
		why = "421 4.3.2 " + s.cfg.Hostname + " is shutting down"
	case len(s.conns) >= l.Connections, key.IsValid() && s.perAddr[key] >= l.PerAddress:
		why = "421 4.7.0 " + s.cfg.Hostname + " has too many connections, try again later"
	default:
		c.id = s.run + "-" + strconv.FormatUint(s.sessions.Add(1), 36)
		s.conns[c] = struct{}{}
		if key.IsValid() {
			s.perAddr[key]++
		}
	}
	s.mu.Unlock()
	if why == "" {
		s.stats.Connections.Add(1)
		s.stats.Open.Add(1)
		return c
	}
	s.stats.ConnectionsRefused.Add(1)
	s.cfg.Log.Warn("connection refused", "peer", c.peer, "reply", why[:9])
	_ = raw.SetWriteDeadline(now.Add(100 * time.Millisecond))
	_, _ = raw.Write([]byte(why + "\r\n")) // a courtesy
	_ = raw.Close()
	return nil
}

// counted is the address that a client is counted under; none where it is not.
func (s *Server) counted(peer netip.Addr) netip.Addr {
	for _, p := range s.cfg.Limits.Exempt {
		if p.Contains(peer) {
			return netip.Addr{}
		}
	}
	if peer.Is6() {
		p, _ := peer.Prefix(64) // 64 bits fit any IPv6 address
		return p.Addr()
	}
	return peer
}

func peerOf(c net.Conn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{} // a Unix socket
}

// forget lets go of a connection that is closed.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	if key := s.counted(c.peer); key.IsValid() {
		if s.perAddr[key]--; s.perAddr[key] == 0 {
			delete(s.perAddr, key)
		}
	}
	s.mu.Unlock()
	s.stats.Open.Add(-1)
	s.wake()
}
