// tests/bench/peers/go_bench.go - the workloads of bench_runtime.c with goroutines and channels.
//
// An actor is a goroutine with one buffered channel as its mailbox. README.md beside this file
// defines each workload. Prints one line `go.NAME value unit` per measurement.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

const (
	mailboxSize  = 1024
	windowSize   = 1024
	fanInSenders = 100
	fanInWindow  = 64
	ringActors   = 100
	bigActors    = 64
	spawnAlive   = 64
	workActors   = 64
	workTime     = time.Microsecond
	idleActors   = 200000
)

// Kinds of messages.
const (
	messageGo = iota
	messageCount
	messageCredit
	messagePing
	messagePong
	messageEnded
)

type mailbox chan message

type message struct {
	kind   int
	sender int
	value  uint64
	from   mailbox
}

func newMailbox() mailbox {
	return make(mailbox, mailboxSize)
}

func report(name string, elapsed time.Duration, count uint64) {
	fmt.Printf("go.%s %.1f ns\n", name, float64(elapsed.Nanoseconds())/float64(count))
}

// ---- counting, window, fan_in

func sink(inbox mailbox, expected, window uint64, done chan<- struct{}) {
	var since [fanInSenders]uint64
	for received := uint64(0); received < expected; received++ {
		got := <-inbox
		if window == 0 {
			continue
		}
		since[got.sender]++
		if since[got.sender] == window/2 {
			since[got.sender] = 0
			got.from <- message{kind: messageCredit, value: window / 2}
		}
	}
	done <- struct{}{}
}

func flood(to mailbox, messages uint64) {
	for ; messages > 0; messages-- {
		to <- message{kind: messageCount}
	}
}

func spend(to mailbox, index int, messages, credit uint64) {
	inbox := newMailbox()
	for ; messages > 0; messages-- {
		if credit == 0 {
			credit = (<-inbox).value
		}
		to <- message{kind: messageCount, sender: index, from: inbox}
		credit--
	}
}

func benchCounting(messages uint64) {
	inbox, done := newMailbox(), make(chan struct{})
	go sink(inbox, messages, 0, done)
	start := time.Now()
	go flood(inbox, messages)
	<-done
	report("counting", time.Since(start), messages)
}

func benchStream(name string, senders int, window, messages uint64) {
	inbox, done := newMailbox(), make(chan struct{})
	each := messages / uint64(senders)
	total := each * uint64(senders)
	go sink(inbox, total, window, done)
	start := time.Now()
	for i := 0; i < senders; i++ {
		go spend(inbox, i, each, window)
	}
	<-done
	report(name, time.Since(start), total)
}

func benchWindow(messages uint64) {
	benchStream("window", 1, windowSize, messages)
}

func benchFanIn(messages uint64) {
	benchStream("fan_in", fanInSenders, fanInWindow, messages)
}

// ---- ping_pong, ring

func hop(inbox, to mailbox, done chan<- struct{}) {
	for got := range inbox {
		if got.value == 0 {
			done <- struct{}{}
			return
		}
		to <- message{kind: messageCount, value: got.value - 1}
	}
}

func benchHops(name string, actors int, messages uint64) {
	done := make(chan struct{})
	all := make([]mailbox, actors)
	for i := range all {
		all[i] = newMailbox()
	}
	for i := range all {
		go hop(all[i], all[(i+1)%actors], done)
	}
	start := time.Now()
	all[0] <- message{kind: messageCount, value: messages}
	<-done
	report(name, time.Since(start), messages)
}

func benchPingPong(messages uint64) {
	benchHops("ping_pong", 2, messages)
}

func benchRing(messages uint64) {
	benchHops("ring", ringActors, messages)
}

// ---- spawn

func mayfly(inbox, parent mailbox) {
	<-inbox
	parent <- message{kind: messageEnded}
}

func benchSpawn(messages uint64) {
	spawns, alive, inbox := messages/8, 0, newMailbox()
	start := time.Now()
	for left := spawns; left > 0 || alive > 0; {
		if alive < spawnAlive && left > 0 {
			child := make(mailbox, 1)
			go mayfly(child, inbox)
			child <- message{kind: messageCount}
			alive++
			left--
		} else {
			<-inbox
			alive--
		}
	}
	report("spawn", time.Since(start), spawns)
}

// ---- big

func big(all []mailbox, index int, rounds uint64, done chan<- struct{}) {
	inbox, pongs := all[index], 0
	for got := range inbox {
		switch got.kind {
		case messagePing:
			got.from <- message{kind: messagePong}
			continue
		case messagePong:
			if pongs++; pongs < bigActors-1 {
				continue
			}
		}
		if rounds == 0 {
			done <- struct{}{}
			continue
		}
		rounds--
		pongs = 0
		for i, to := range all {
			if i != index {
				to <- message{kind: messagePing, from: inbox}
			}
		}
	}
}

func benchBig(messages uint64) {
	const perRound = 2 * bigActors * (bigActors - 1)
	rounds := messages/perRound + 1
	done := make(chan struct{})
	all := make([]mailbox, bigActors)
	for i := range all {
		all[i] = newMailbox()
	}
	for i := range all {
		go big(all, i, rounds, done)
	}
	start := time.Now()
	for _, to := range all {
		to <- message{kind: messageGo}
	}
	for range all {
		<-done
	}
	report("big", time.Since(start), rounds*perRound)
}

// ---- scaling

func work(inbox mailbox, messages uint64, done chan<- struct{}) {
	for range inbox {
		for end := time.Now().Add(workTime); time.Now().Before(end); {
		}
		if messages == 0 {
			done <- struct{}{}
			return
		}
		messages--
		inbox <- message{kind: messageCount}
	}
}

func runWork(workers int, messages uint64) time.Duration {
	before := runtime.GOMAXPROCS(workers)
	defer runtime.GOMAXPROCS(before)
	done := make(chan struct{})
	start := time.Now()
	for i := 0; i < workActors; i++ {
		inbox := make(mailbox, 1)
		go work(inbox, messages/workActors, done)
		inbox <- message{kind: messageCount}
	}
	for i := 0; i < workActors; i++ {
		<-done
	}
	return time.Since(start)
}

func benchScaling(messages uint64) {
	one := runWork(1, messages/4)
	two := runWork(2, messages/4)
	fmt.Printf("go.scaling %.2f x\n", float64(one)/float64(two))
}

// ---- idle

func residentBytes() int64 {
	var pages, resident int64
	file, err := os.Open("/proc/self/statm")
	if err != nil {
		return 0
	}
	defer file.Close()
	if _, err = fmt.Fscan(file, &pages, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

func benchIdle(uint64) {
	before := residentBytes()
	all := make([]mailbox, idleActors)
	for i := range all {
		all[i] = make(mailbox, 1)
		go func(inbox mailbox) { <-inbox }(all[i])
	}
	runtime.Gosched()
	fmt.Printf("go.idle %.1f bytes\n", float64(residentBytes()-before)/idleActors)
	runtime.KeepAlive(all)
}

func main() {
	workers := flag.Int("workers", 1, "threads that run goroutines")
	messages := flag.Uint64("messages", 1000000, "messages per workload")
	only := flag.String("only", "", "name of one workload")
	flag.Parse()
	runtime.GOMAXPROCS(*workers)
	benches := []struct {
		name string
		run  func(messages uint64)
	}{
		{"counting", benchCounting}, {"window", benchWindow}, {"ping_pong", benchPingPong},
		{"fan_in", benchFanIn}, {"ring", benchRing}, {"spawn", benchSpawn},
		{"big", benchBig}, {"scaling", benchScaling}, {"idle", benchIdle},
	}
	for _, bench := range benches {
		if *only == "" || *only == bench.name {
			bench.run(*messages)
		}
	}
}
