package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// A recorder relays each request, and keeps it with its answer.
type recorder struct {
	o       *options
	kube    *http.Transport
	mutex   sync.Mutex
	all     []*exchange
	greeted map[string]bool
	taps    sync.WaitGroup
}

type keyOfExchange struct{}

func newRecorder(o *options) *recorder {
	r := &recorder{o: o, greeted: map[string]bool{}}
	// As the sandbox's administrator, who is the user of its kubeconfig: a client's key stays with the client.
	r.kube = r.toServers("6443", &tls.Config{Certificates: []tls.Certificate{o.pair("admin")}, ServerName: "127.0.0.1"}, true)
	return r
}

func (r *recorder) keep(x *exchange) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.all = append(r.all, x)
}

func (r *recorder) write(file string) error {
	r.taps.Wait()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return writeExchanges(file, r.all)
}

// relay sends on what comes, by this transport; who names the one that is asked in the keys.
func (r *recorder) relay(transport *http.Transport, who func(*http.Request) string) http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "https", p.In.Host, p.In.Host
		},
		ModifyResponse: r.heard,
		ErrorHandler: func(w http.ResponseWriter, rq *http.Request, err error) {
			log.Printf("%s %s: %v", rq.Method, rq.URL, err)
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, rq *http.Request) {
		body, err := io.ReadAll(rq.Body)
		if err != nil {
			return
		}
		rq.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) == 0 {
			rq.Body = http.NoBody
		}
		key := keyOf(who(rq), rq, body)
		proxy.ServeHTTP(w, rq.WithContext(context.WithValue(rq.Context(), keyOfExchange{}, key)))
	})
}

// heard keeps the whole answer and hands on a copy. Of an upgraded connection both directions are copied as they pass.
func (r *recorder) heard(res *http.Response) error {
	x := &exchange{Key: res.Request.Context().Value(keyOfExchange{}).(string), At: time.Now(), Status: res.StatusCode,
		Header: res.Header.Clone()}
	r.keep(x)
	if res.StatusCode == http.StatusSwitchingProtocols {
		res.Body = r.tap(res, x)
		r.greet(res.Request)
		return nil
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return err
	}
	x.Body = body
	res.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// toServers is a transport that goes to the real servers' address, whatever the name.
func (r *recorder) toServers(port string, config *tls.Config, http2 bool) *http.Transport {
	config.RootCAs = r.o.authority()
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(r.o.servers, port))
		},
		TLSClientConfig: config, ForceAttemptHTTP2: http2, DisableCompression: true, MaxIdleConnsPerHost: 100,
	}
}

func (r *recorder) toKube() http.Handler {
	return r.relay(r.kube, func(*http.Request) string { return "kube" })
}

func (r *recorder) toAWS() http.Handler {
	return r.relay(r.toServers("443", &tls.Config{}, false), service)
}

// A tap is an upgraded connection to the server: what was written to it and read from it is looked at when it ends.
type tap struct {
	io.ReadWriteCloser
	r         *recorder
	x         *exchange
	rq        *http.Request
	mutex     sync.Mutex
	said      bytes.Buffer // by the client
	heard     bytes.Buffer // from the server
	onlyFirst sync.Once
}

func (r *recorder) tap(res *http.Response, x *exchange) *tap {
	r.taps.Add(1)
	return &tap{ReadWriteCloser: res.Body.(io.ReadWriteCloser), r: r, x: x, rq: res.Request}
}

// greet asks each pod once what vault-check asks only where its first words on a connection would be a secret: whether it comes
// to that hangs on the order in which answers arrive, and in a replay that may be another one.
func (r *recorder) greet(rq *http.Request) {
	r.mutex.Lock()
	before := r.greeted[rq.URL.Path]
	r.greeted[rq.URL.Path] = true
	r.mutex.Unlock()
	if before || !isPortForward(rq.URL) {
		return
	}
	res, err := r.kube.RoundTrip(rq.Clone(context.WithoutCancel(rq.Context())))
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		log.Printf("%s: not greeted: %v", rq.URL, err)
		return
	}
	t := r.tap(res, nil)
	defer t.Close()
	t.Write(clientFrame("\x00OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	if _, err = http.ReadResponse(bufio.NewReader(&channel{in: bufio.NewReader(t), portFirst: true}), nil); err != nil {
		log.Printf("%s: not greeted: %v", rq.URL, err)
	}
}

func (t *tap) Write(p []byte) (int, error) {
	t.mutex.Lock()
	t.said.Write(p)
	t.mutex.Unlock()
	return t.ReadWriteCloser.Write(p)
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.ReadWriteCloser.Read(p)
	t.mutex.Lock()
	t.heard.Write(p[:n])
	t.mutex.Unlock()
	return n, err
}

func (t *tap) Close() error {
	err := t.ReadWriteCloser.Close()
	t.onlyFirst.Do(func() {
		defer t.r.taps.Done()
		t.mutex.Lock()
		defer t.mutex.Unlock()
		if !isPortForward(t.rq.URL) {
			t.x.Raw = bytes.Clone(t.heard.Bytes())
		} else if err := t.keepTunnelled(); err != nil {
			log.Printf("%s: %v", t.rq.URL, err)
		}
	})
	return err
}

// keepTunnelled pairs the requests that went through a port-forward with their answers, which come in order.
func (t *tap) keepTunnelled() error {
	said := bufio.NewReader(&channel{in: bufio.NewReader(&t.said)})
	heard := bufio.NewReader(&channel{in: bufio.NewReader(&t.heard), portFirst: true})
	for {
		if _, err := said.Peek(1); err != nil {
			return nil
		}
		rq, err := http.ReadRequest(said)
		if err != nil {
			return fmt.Errorf("no HTTP goes through it: %w", err)
		}
		asked, err := io.ReadAll(rq.Body)
		if err != nil {
			return err
		}
		res, err := http.ReadResponse(heard, rq)
		if err != nil {
			return fmt.Errorf("no answer to %s %s: %w", rq.Method, rq.RequestURI, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		t.r.keep(&exchange{Key: keyOf(pod(t.rq.URL), rq, asked), At: time.Now(), Status: res.StatusCode, Header: res.Header,
			Body: body})
	}
}
