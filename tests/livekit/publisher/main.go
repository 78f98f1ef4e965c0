// A publisher of canned packets: what LiveKit's official clients cannot be made to send. One process plays any number of people.
// Commands and news are lines of JSON:
//
//	{"do":"join","person":"ana","url":"ws://...","token":"..."}           -> {"is":"joined","person":"ana"}
//	{"do":"publish","person":"ana","track":"mic","mime":"audio/opus","rate":48000,"source":2,"stereo":false,"dtx":true}
//	                                                                       -> {"is":"published","track":"mic","sid":"TR_..."}
//	{"do":"play","person":"ana","track":"mic","packets":[[0,"<base64>"],[960,"..."]]}
//	                                                                       -> {"is":"began","ms":...}, {"is":"over"}
//	{"do":"mute","person":"ana","track":"mic","muted":true}
//	{"do":"leave","person":"ana"}
//
// A packet is [ticks, payload]: it is sent when its ticks have passed since the beginning. "ticks" and "seq" of a play move its
// timestamps and sequence numbers on against the play before.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"google.golang.org/protobuf/proto"
)

type command struct {
	Do, Person, URL, Token, Track, Mime string
	Rate                                uint32
	Source                              int32
	Stereo, Dtx, Muted                  bool
	Packets                             [][2]json.RawMessage
	Ticks                               uint32
	Seq                                 uint16
}

type news map[string]any

var saying sync.Mutex

func say(what news) {
	line, _ := json.Marshal(what)
	saying.Lock()
	defer saying.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

func fail(doing string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", doing, err)
	os.Exit(1)
}

type line struct {
	local *webrtc.TrackLocalStaticRTP
	sid   string
	rate  uint32
	seq   uint16
	ticks uint32
}

type person struct {
	name      string
	conn      *websocket.Conn
	writing   sync.Mutex
	publisher *webrtc.PeerConnection
	listener  *webrtc.PeerConnection
	lines     map[string]*line
	joined    chan struct{}
	gone      chan struct{}
	published chan *livekit.TrackPublishedResponse
	connected chan struct{}
	// Candidates that came before their description.
	early map[livekit.SignalTarget][]webrtc.ICECandidateInit
}

func (p *person) send(request *livekit.SignalRequest) {
	bytes, err := proto.Marshal(request)
	if err != nil {
		fail("a request", err)
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	p.conn.WriteMessage(websocket.BinaryMessage, bytes)
}

var known = []webrtc.RTPCodecParameters{
	{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
		SDPFmtpLine: "minptime=10;useinbandfec=1"}, PayloadType: 111},
	{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, PayloadType: 0},
	{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}, PayloadType: 8},
}

// The one codec that a track is offered with.
func codecOf(mime string) []webrtc.RTPCodecParameters {
	for _, codec := range known {
		if codec.MimeType == mime {
			return []webrtc.RTPCodecParameters{codec}
		}
	}
	fail("a codec", fmt.Errorf("%s is not known", mime))
	return nil
}

func newPeer(onCandidate func(*webrtc.ICECandidate)) *webrtc.PeerConnection {
	codecs := &webrtc.MediaEngine{}
	for _, codec := range known {
		if err := codecs.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
			fail("a codec", err)
		}
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	peer, err := webrtc.NewAPI(webrtc.WithMediaEngine(codecs), webrtc.WithSettingEngine(settings)).
		NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		fail("a connection", err)
	}
	peer.OnICECandidate(onCandidate)
	return peer
}

func (p *person) trickle(target livekit.SignalTarget) func(*webrtc.ICECandidate) {
	return func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			return
		}
		text, _ := json.Marshal(candidate.ToJSON())
		p.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Trickle{
			Trickle: &livekit.TrickleRequest{CandidateInit: string(text), Target: target}}})
	}
}

func join(c command) *person {
	p := &person{name: c.Person, lines: map[string]*line{}, joined: make(chan struct{}), gone: make(chan struct{}),
		published: make(chan *livekit.TrackPublishedResponse, 8), connected: make(chan struct{}),
		early: map[livekit.SignalTarget][]webrtc.ICECandidateInit{}}
	url := c.URL + "/rtc?protocol=15&auto_subscribe=0&sdk=cpp&version=1.0.0&os=linux"
	conn, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Authorization": {"Bearer " + c.Token}})
	if err != nil {
		fail("joining", err)
	}
	p.conn = conn
	p.publisher = newPeer(p.trickle(livekit.SignalTarget_PUBLISHER))
	p.listener = newPeer(p.trickle(livekit.SignalTarget_SUBSCRIBER))
	var once sync.Once
	p.publisher.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(p.connected) })
		}
	})
	go p.read()
	<-p.joined
	return p
}

func (p *person) read() {
	for {
		kind, bytes, err := p.conn.ReadMessage()
		if err != nil {
			close(p.gone)
			return
		}
		response := &livekit.SignalResponse{}
		if kind != websocket.BinaryMessage || proto.Unmarshal(bytes, response) != nil {
			continue
		}
		p.take(response)
	}
}

func (p *person) describe(peer *webrtc.PeerConnection, target livekit.SignalTarget, kind webrtc.SDPType, sdp string) {
	if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp}); err != nil {
		fail("LiveKit's "+kind.String(), err)
	}
	for _, candidate := range p.early[target] {
		peer.AddICECandidate(candidate)
	}
	p.early[target] = nil
}

func (p *person) take(response *livekit.SignalResponse) {
	switch message := response.Message.(type) {
	case *livekit.SignalResponse_Join:
		close(p.joined)
	case *livekit.SignalResponse_Answer:
		p.describe(p.publisher, livekit.SignalTarget_PUBLISHER, webrtc.SDPTypeAnswer, message.Answer.Sdp)
	case *livekit.SignalResponse_Offer:
		p.describe(p.listener, livekit.SignalTarget_SUBSCRIBER, webrtc.SDPTypeOffer, message.Offer.Sdp)
		answer, err := p.listener.CreateAnswer(nil)
		if err == nil {
			err = p.listener.SetLocalDescription(answer)
		}
		if err != nil {
			fail("an answer", err)
		}
		p.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Answer{
			Answer: &livekit.SessionDescription{Type: "answer", Sdp: answer.SDP, Id: message.Offer.Id}}})
	case *livekit.SignalResponse_Trickle:
		var candidate webrtc.ICECandidateInit
		if json.Unmarshal([]byte(message.Trickle.CandidateInit), &candidate) != nil {
			return
		}
		peer := p.publisher
		if message.Trickle.Target == livekit.SignalTarget_SUBSCRIBER {
			peer = p.listener
		}
		if peer.RemoteDescription() == nil {
			p.early[message.Trickle.Target] = append(p.early[message.Trickle.Target], candidate)
		} else {
			peer.AddICECandidate(candidate)
		}
	case *livekit.SignalResponse_TrackPublished:
		p.published <- message.TrackPublished
	}
}

func (p *person) publish(c command) {
	local, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: c.Mime, ClockRate: c.Rate}, c.Track, p.name)
	if err != nil {
		fail("a track", err)
	}
	request := &livekit.AddTrackRequest{Cid: c.Track, Name: c.Track, Type: livekit.TrackType_AUDIO,
		Source: livekit.TrackSource(c.Source), Stereo: c.Stereo, DisableDtx: !c.Dtx, DisableRed: true,
		SimulcastCodecs: []*livekit.SimulcastCodec{{Codec: c.Mime, Cid: c.Track}}}
	if c.Stereo {
		request.AudioFeatures = append(request.AudioFeatures, livekit.AudioTrackFeature_TF_STEREO)
	}
	if !c.Dtx {
		request.AudioFeatures = append(request.AudioFeatures, livekit.AudioTrackFeature_TF_NO_DTX)
	}
	p.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{AddTrack: request}})
	published := <-p.published
	transceiver, err := p.publisher.AddTransceiverFromTrack(local,
		webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err == nil {
		err = transceiver.SetCodecPreferences(codecOf(c.Mime))
	}
	var offer webrtc.SessionDescription
	if err == nil {
		offer, err = p.publisher.CreateOffer(nil)
	}
	if err == nil {
		err = p.publisher.SetLocalDescription(offer)
	}
	if err != nil {
		fail("an offer", err)
	}
	p.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Offer{
		Offer: &livekit.SessionDescription{Type: "offer", Sdp: offer.SDP}}})
	<-p.connected
	p.lines[c.Track] = &line{local: local, sid: published.Track.Sid, rate: c.Rate, seq: 1000, ticks: 1 << 20}
	say(news{"is": "published", "track": c.Track, "sid": published.Track.Sid})
}

func (l *line) play(c command) {
	l.ticks += c.Ticks
	l.seq += c.Seq
	began := time.Now()
	say(news{"is": "began", "track": c.Track, "ms": float64(began.UnixMicro()) / 1000})
	var last uint32
	for _, packet := range c.Packets {
		var text string
		if json.Unmarshal(packet[0], &last) != nil || json.Unmarshal(packet[1], &text) != nil {
			fail("a packet", fmt.Errorf("%s", packet))
		}
		payload, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			fail("a payload", err)
		}
		time.Sleep(time.Until(began.Add(time.Duration(last) * time.Second / time.Duration(l.rate))))
		l.local.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: l.seq, Timestamp: l.ticks + last}, Payload: payload})
		l.seq++
	}
	l.ticks += last + l.rate/50
	say(news{"is": "over", "track": c.Track})
}

func main() {
	people := map[string]*person{}
	input := bufio.NewReaderSize(os.Stdin, 1<<16)
	decoder := json.NewDecoder(input)
	for {
		var c command
		if err := decoder.Decode(&c); err != nil {
			return // whoever started this program has ended it
		}
		p := people[c.Person]
		switch c.Do {
		case "join":
			people[c.Person] = join(c)
			say(news{"is": "joined", "person": c.Person})
		case "publish":
			p.publish(c)
		case "play":
			go p.lines[c.Track].play(c)
		case "mute":
			p.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Mute{
				Mute: &livekit.MuteTrackRequest{Sid: p.lines[c.Track].sid, Muted: c.Muted}}})
		case "leave":
			p.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Leave{Leave: &livekit.LeaveRequest{}}})
			<-p.gone // LiveKit closes the connection when it has heard
			p.publisher.Close()
			p.listener.Close()
			p.conn.Close()
			delete(people, c.Person)
		}
	}
}
