// Command netlinklist has netlink code of its own: raw system calls, no C library, no package but the standard one's
// syscall. It prints the links, addresses and routes that a kernel has, adds a route, and waits for a link's event.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"sort"
	"sync"
	"syscall"
)

func check(what string, err error) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

// Request is one message with its attributes.
func request(kind, flags int, sequence uint32, payload ...[]byte) []byte {
	message := make([]byte, syscall.SizeofNlMsghdr)
	for _, part := range payload {
		message = append(message, part...)
	}
	binary.LittleEndian.PutUint32(message, uint32(len(message)))
	binary.LittleEndian.PutUint16(message[4:], uint16(kind))
	binary.LittleEndian.PutUint16(message[6:], uint16(flags|syscall.NLM_F_REQUEST))
	binary.LittleEndian.PutUint32(message[8:], sequence)
	return message
}

func attribute(kind uint16, payload []byte) []byte {
	bytes := make([]byte, 4, 8)
	binary.LittleEndian.PutUint16(bytes, uint16(4+len(payload)))
	binary.LittleEndian.PutUint16(bytes[2:], kind)
	bytes = append(bytes, payload...)
	for len(bytes)%4 != 0 {
		bytes = append(bytes, 0)
	}
	return bytes
}

func open(groups uint32) (int, *syscall.SockaddrNetlink) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	check("socket", err)
	check("bind", syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: groups}))
	name, err := syscall.Getsockname(fd)
	check("getsockname", err)
	return fd, name.(*syscall.SockaddrNetlink)
}

// Answers sends a request and returns the messages that answer it.
func answers(fd int, own *syscall.SockaddrNetlink, message []byte) []syscall.NetlinkMessage {
	check("sendto", syscall.Sendto(fd, message, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}))
	sequence := binary.LittleEndian.Uint32(message[8:])
	buffer := make([]byte, 65536)
	var all []syscall.NetlinkMessage
	for {
		count, from, err := syscall.Recvfrom(fd, buffer, 0)
		check("recvfrom", err)
		if from.(*syscall.SockaddrNetlink).Pid != 0 {
			check("sender", syscall.EINVAL)
		}
		messages, err := syscall.ParseNetlinkMessage(append([]byte(nil), buffer[:count]...))
		check("parse", err)
		for _, one := range messages {
			if one.Header.Seq != sequence || one.Header.Pid != own.Pid {
				check("header", syscall.EBADMSG)
			}
			switch one.Header.Type {
			case syscall.NLMSG_DONE:
				return all
			case syscall.NLMSG_ERROR:
				fmt.Printf("answer %d\n", -int32(binary.LittleEndian.Uint32(one.Data)))
				return all
			}
			all = append(all, one)
		}
	}
}

func show(name string, messages []syscall.NetlinkMessage, wanted map[uint16]bool) {
	var lines []string
	for i := range messages {
		attributes, err := syscall.ParseNetlinkRouteAttr(&messages[i])
		check("attributes", err)
		line := name
		for _, one := range attributes {
			if wanted[one.Attr.Type] {
				line += fmt.Sprintf(" %d=%x", one.Attr.Type, one.Value)
			}
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}

func main() {
	fd, own := open(0)
	dump := syscall.NLM_F_DUMP
	none := make([]byte, 16)
	show("link", answers(fd, own, request(syscall.RTM_GETLINK, dump, 1, none)),
		map[uint16]bool{syscall.IFLA_IFNAME: true, syscall.IFLA_MTU: true, syscall.IFLA_ADDRESS: true})
	show("address", answers(fd, own, request(syscall.RTM_GETADDR, dump, 2, none[:8])),
		map[uint16]bool{syscall.IFA_ADDRESS: true, syscall.IFA_LABEL: true})
	show("route", answers(fd, own, request(syscall.RTM_GETROUTE, dump, 3, none[:12])),
		map[uint16]bool{syscall.RTA_DST: true, syscall.RTA_GATEWAY: true, syscall.RTA_OIF: true})

	// The standard library's own way, from many threads.
	var group sync.WaitGroup
	var lock sync.Mutex
	lengths := map[int]int{}
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			table, err := syscall.NetlinkRIB(syscall.RTM_GETADDR, syscall.AF_UNSPEC)
			check("NetlinkRIB", err)
			lock.Lock()
			lengths[len(table)]++
			lock.Unlock()
		}()
	}
	group.Wait()
	fmt.Println("threads agree:", len(lengths) == 1)

	// A route that is there afterwards; whoever listens hears of it.
	heard, _ := open(1 << (7 - 1)) // RTNLGRP_IPV4_ROUTE
	route := []byte{syscall.AF_INET, 24, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0}
	index := make([]byte, 4)
	binary.LittleEndian.PutUint32(index, 1)
	add := request(syscall.RTM_NEWROUTE, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL|syscall.NLM_F_ACK, 4, route,
		attribute(syscall.RTA_DST, []byte{10, 91, 0, 0}), attribute(syscall.RTA_OIF, index))
	answers(fd, own, add)
	answers(fd, own, add)
	buffer := make([]byte, 8192)
	count, _, err := syscall.Recvfrom(heard, buffer, 0)
	check("event", err)
	fmt.Println("event", binary.LittleEndian.Uint16(buffer[4:]), count > 40)
	remove := request(syscall.RTM_DELROUTE, syscall.NLM_F_ACK, 5, route, attribute(syscall.RTA_DST, []byte{10, 91, 0, 0}))
	answers(fd, own, remove)
}
