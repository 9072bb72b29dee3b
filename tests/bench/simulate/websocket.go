package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
)

const (
	opBinary, opClose, opPing, opPong = 2, 8, 9, 10

	fin, masked  = 0x80, 0x80
	messageMax   = 1 << 20
	pieceMax     = 32 << 10 // of what a kubelet sends in one message
	dataChannel  = 0
	errorChannel = 1
)

// readFrame reads one frame of RFC 6455, whoever sent it, and takes its mask off.
func readFrame(in *bufio.Reader) (op byte, payload []byte, err error) {
	var head [2]byte
	if _, err = io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1] &^ masked)
	if n >= 126 {
		long := make([]byte, map[uint64]int{126: 2, 127: 8}[n])
		if _, err = io.ReadFull(in, long); err != nil {
			return 0, nil, err
		}
		n = 0
		for _, b := range long {
			n = n<<8 | uint64(b)
		}
	}
	if n > messageMax {
		return 0, nil, errors.New("a message of the WebSocket is too long")
	}
	var mask [4]byte
	if head[1]&masked != 0 {
		if _, err = io.ReadFull(in, mask[:]); err != nil {
			return 0, nil, err
		}
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(in, payload)
	for i := range payload {
		payload[i] ^= mask[i&3]
	}
	return head[0] & 0x0f, payload, err
}

// appendFrame appends a frame as servers send it: without a mask.
func appendFrame(out []byte, op byte, first, rest []byte) []byte {
	n := len(first) + len(rest)
	out = append(out, fin|op)
	if n < 126 {
		out = append(out, byte(n))
	} else {
		out = binary.BigEndian.AppendUint16(append(out, 126), uint16(n))
	}
	return append(append(out, first...), rest...)
}

// clientFrame is a short message as clients send it: with a mask, which may be any, so it is one that changes nothing.
func clientFrame(payload string) []byte {
	return append([]byte{fin | opBinary, masked | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// acceptKey answers a Sec-WebSocket-Key.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A channel is the stream of bytes in the messages of a port-forward: each has the channel's number in front, and the
// server's first on each channel is the port (k8s.io/kubelet, portforward/websocket.go).
type channel struct {
	in        *bufio.Reader
	out       io.Writer
	portFirst bool
	rest      []byte
	frame     []byte
}

func (c *channel) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		op, payload, err := readFrame(c.in)
		switch {
		case err != nil:
			return 0, err
		case op == opClose:
			if c.out != nil {
				c.out.Write(appendFrame(nil, opClose, payload, nil))
			}
			return 0, io.EOF
		case op == opPing && c.out != nil:
			c.out.Write(appendFrame(nil, opPong, payload, nil))
		case op == opBinary && len(payload) > 1 && payload[0] == dataChannel:
			if c.portFirst {
				c.portFirst = false
				continue
			}
			c.rest = payload[1:]
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *channel) Write(p []byte) (int, error) {
	c.frame = c.frame[:0]
	for at := 0; at < len(p); at += pieceMax {
		c.frame = appendFrame(c.frame, opBinary, []byte{dataChannel}, p[at:min(at+pieceMax, len(p))])
	}
	_, err := c.out.Write(c.frame)
	return len(p), err
}

// tellPort begins both channels as servers do.
func (c *channel) tellPort(port uint16) error {
	low, high := byte(port), byte(port>>8)
	hello := appendFrame(nil, opBinary, []byte{dataChannel, low, high}, nil)
	_, err := c.out.Write(appendFrame(hello, opBinary, []byte{errorChannel, low, high}, nil))
	return err
}
