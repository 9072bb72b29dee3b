package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// A replayer knows all answers, by the key of the request.
type replayer struct {
	answers                                map[string]*answer
	answered, missed, connections, tunnels atomic.Int64
	mutex                                  sync.Mutex
	unknown                                map[string]int
}

func newReplayer(file string) (*replayer, error) {
	all, err := readExchanges(file)
	r := &replayer{answers: map[string]*answer{}, unknown: map[string]int{}}
	for _, x := range all {
		r.answers[x.Key] = newAnswer(x) // the last: an earlier one may have been "not yet"
	}
	return r, err
}

// counts is what a run of the bench wants to know. Nothing may be missed.
func (r *replayer) counts() map[string]any {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return map[string]any{"answered": r.answered.Load(), "missed": r.missed.Load(), "unknown": r.unknown,
		"connections": r.connections.Load(), "tunnels": r.tunnels.Load()}
}

// A counted listener's connections are a replayer's, each with a handshake of TLS.
type counted struct {
	net.Listener
	n *atomic.Int64
}

func (l counted) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.n.Add(1)
	}
	return conn, err
}

// find is the answer to a request, nil where none was recorded: that is counted, and told at once.
func (r *replayer) find(key string) *answer {
	a := r.answers[key]
	if a == nil {
		r.missed.Add(1)
		r.mutex.Lock()
		r.unknown[key]++
		first := r.unknown[key] == 1
		r.mutex.Unlock()
		if first {
			log.Printf("no recording of: %q", key)
		}
		return nil
	}
	r.answered.Add(1)
	return a
}

var noRecording = []byte("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 12\r\nConnection: close\r\n\r\nno recording")

// ---- the API server ----

func (r *replayer) ServeHTTP(w http.ResponseWriter, rq *http.Request) {
	body, err := io.ReadAll(rq.Body)
	if err != nil {
		return
	}
	a := r.find(keyOf("kube", rq, body))
	switch {
	case a == nil:
		http.Error(w, "no recording", http.StatusInternalServerError)
	case a.x.Status == http.StatusSwitchingProtocols:
		r.upgrade(w, rq, a)
	default:
		said := a.to(body)
		maps.Copy(w.Header(), said.header)
		w.WriteHeader(a.x.Status)
		w.Write(said.body)
	}
}

// upgrade goes on as a WebSocket: with HTTP in it to a pod's port, or with what was said when it was recorded.
func (r *replayer) upgrade(w http.ResponseWriter, rq *http.Request, a *answer) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	r.tunnels.Add(1)
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
		acceptKey(rq.Header.Get("Sec-WebSocket-Key")), a.x.Header.Get("Sec-WebSocket-Protocol"))
	if !isPortForward(rq.URL) {
		conn.Write(a.x.Raw)
		io.Copy(io.Discard, buffered)
		return
	}
	c := &channel{in: buffered.Reader, out: conn}
	number, err := strconv.ParseUint(rq.URL.Query().Get("ports"), 10, 16)
	if err != nil || c.tellPort(uint16(number)) != nil {
		return
	}
	who := pod(rq.URL)
	r.serve(c, c, func(*http.Request) string { return who })
}

// ---- HTTP/1.1 whose answers are whole already: AWS, and the pods ----

func (r *replayer) serveAWS(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			if conn.(*tls.Conn).Handshake() == nil {
				r.serve(conn, conn, service)
			}
		}()
	}
}

// serve answers request after request until the client goes.
func (r *replayer) serve(from io.Reader, to io.Writer, who func(*http.Request) string) {
	in := bufio.NewReader(from)
	var body bytes.Buffer
	for {
		rq, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body.Reset()
		if rq.Header.Get("Expect") != "" {
			io.WriteString(to, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		if _, err = body.ReadFrom(rq.Body); err != nil {
			return
		}
		a := r.find(keyOf(who(rq), rq, body.Bytes()))
		if a == nil {
			to.Write(noRecording)
			return
		}
		if _, err = to.Write(a.to(body.Bytes()).whole); err != nil || rq.Close {
			return
		}
	}
}
