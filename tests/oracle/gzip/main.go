// The reference for compressed bytes: Go's compress/gzip at its default level.
//
// Texts come on standard input, each behind its length as four bytes, the
// lowest first; what they are compressed to goes out in the same form.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func compress(text []byte) []byte {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err := writer.Write(text)
	check(err)
	check(writer.Close())
	return packed.Bytes()
}

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		var size uint32
		err := binary.Read(in, binary.LittleEndian, &size)
		if err == io.EOF {
			break
		}
		check(err)
		text := make([]byte, size)
		_, err = io.ReadFull(in, text)
		check(err)
		packed := compress(text)
		check(binary.Write(out, binary.LittleEndian, uint32(len(packed))))
		_, err = out.Write(packed)
		check(err)
	}
	check(out.Flush())
}
