// Clusters and an AWS from memory. `record` stands between a client and the real servers and writes down what they say;
// `replay` says it again, for as many clusters as have an address, without the work that it took those servers to know it.
//
// usage: simulate record|replay FILE --pki DIR [--kube ADDRESS:PORT] [--aws ADDRESS:PORT] [--servers ADDRESS]
//
// TLS ends here, with the sandbox's own certificates: kubectl, the AWS CLI and the program under test see no difference.
// The API server speaks HTTP/2 and HTTP/1.1 and asks for a client certificate, AWS speaks HTTP/1.1, and through a
// port-forward goes HTTP/1.1 to a pod; the exchanges in there are recorded one by one as well. Both ports are printed, first
// that of the API server. At SIGTERM `record` writes FILE, and `replay` prints what it did as one line of JSON.
//
// Signatures and tokens were verified when it was recorded, by those who can; a replay looks at none of them.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
)

type options struct {
	mode, file, pki, kube, aws, servers string
}

// pair is a certificate of the sandbox, with its key.
func (o *options) pair(name string) tls.Certificate {
	cert, err := tls.LoadX509KeyPair(filepath.Join(o.pki, name+".crt"), filepath.Join(o.pki, name+".key"))
	must(err)
	return cert
}

func (o *options) authority() *x509.CertPool {
	pem, err := os.ReadFile(filepath.Join(o.pki, "ca.crt"))
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}

// kubeTLS is the API server's way: whoever has a certificate shows it.
func (o *options) kubeTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{o.pair("apiserver")}, ClientAuth: tls.VerifyClientCertIfGiven,
		ClientCAs: o.authority(), MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}}
}

func (o *options) awsTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{o.pair("aws")}, MinVersion: tls.VersionTLS13}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func listen(address string) net.Listener {
	l, err := net.Listen("tcp", address)
	must(err)
	return l
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// A client that goes in the middle of a handshake is no news.
var silent = log.New(io.Discard, "", 0)

// kubeServer speaks both versions of HTTP, and allows as many streams on a connection as the API server does.
func (o *options) kubeServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, TLSConfig: o.kubeTLS(), ErrorLog: silent,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 100}}
}

func record(o *options, kube, aws net.Listener) {
	r := newRecorder(o)
	front := &http.Server{Handler: r.toAWS(), TLSConfig: o.awsTLS(), ErrorLog: silent,
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	server := o.kubeServer(r.toKube())
	go server.ServeTLS(kube, "", "")
	go front.ServeTLS(aws, "", "")
	wait()
	server.Shutdown(context.Background())
	front.Shutdown(context.Background())
	must(r.write(o.file))
}

func replay(o *options, kube, aws net.Listener) {
	r, err := newReplayer(o.file)
	must(err)
	debug.SetGCPercent(400) // memory is not what is short here
	go o.kubeServer(r).ServeTLS(counted{kube, &r.connections}, "", "")
	go r.serveAWS(tls.NewListener(counted{aws, &r.connections}, o.awsTLS()))
	wait()
	json.NewEncoder(os.Stdout).Encode(r.counts())
}

func wait() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	<-ended
}

func main() {
	var o options

	log.SetFlags(0)
	log.SetPrefix("simulate: ")
	modes := map[string]func(*options, net.Listener, net.Listener){"record": record, "replay": replay}
	if len(os.Args) < 3 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: simulate record|replay FILE --pki DIR [--kube ADDRESS:PORT] [--aws ADDRESS:PORT] [--servers ADDRESS]")
		os.Exit(2)
	}
	o.mode, o.file = os.Args[1], os.Args[2]
	flags := flag.NewFlagSet("simulate", flag.ExitOnError)
	flags.StringVar(&o.pki, "pki", "", "the sandbox's certificates")
	flags.StringVar(&o.kube, "kube", "127.0.0.1:0", "where the API server listens")
	flags.StringVar(&o.aws, "aws", "127.0.0.1:0", "where AWS listens")
	flags.StringVar(&o.servers, "servers", "", "record: the address of the real ones")
	flags.Parse(os.Args[3:])
	kube, aws := listen(o.kube), listen(o.aws)
	fmt.Println(port(kube), port(aws))
	modes[o.mode](&o, kube, aws)
}
