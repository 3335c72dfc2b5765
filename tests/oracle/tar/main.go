// The reference for archives: what Go's archive/tar reads.
//
// Archives come on standard input, each behind its length as four bytes, the
// lowest first.  Each becomes a line: of every member its name in hex, its kind
// (file, dir, link, other), the bytes of its content and its time in seconds,
// then "end", or "bad" where the archive is refused.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func kind(flag byte) string {
	switch flag {
	case tar.TypeReg, '7':
		return "file"
	case tar.TypeDir:
		return "dir"
	case tar.TypeLink, tar.TypeSymlink:
		return "link"
	}
	return "other"
}

func list(archive []byte, out io.Writer) {
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			fmt.Fprintln(out, "end")
			return
		}
		var size int64
		if err == nil {
			size, err = io.Copy(io.Discard, reader)
		}
		if err != nil {
			fmt.Fprintln(out, "bad")
			return
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		fmt.Fprintf(out, "%x/%s/%d/%d ", header.Name, kind(header.Typeflag), size,
			header.ModTime.Round(time.Second).Unix())
	}
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
		archive := make([]byte, size)
		_, err = io.ReadFull(in, archive)
		check(err)
		list(archive, out)
	}
	check(out.Flush())
}
