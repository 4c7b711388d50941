// SPDX-License-Identifier: Apache-2.0
//
// What comes before the first request: a proxy's word whose connection it is, and TLS's handshake.
#include <algorithm>
#include <array>

#include "service/http/connection.h"
#include "service/http/request_id.h"
#include "service/support/log.h"

namespace thimble::http {

Io Connection::ReadProxyHeader() {
  std::array<char, ProxyHeader::kMaxBlock> chunk;
  size_t count = 0;
  const Io io =
      transport_->Peek(std::span(chunk).first(std::min(proxy_header_->Wants(), chunk.size())), count);
  // A proxy that only looks whether somebody listens sends nothing.
  if (io == Io::kClosed && proxy_header_->begun())
    return RefuseProxyHeader(ProxyFault::kIncomplete, "the connection ended within the PROXY header");
  if (io != Io::kDone) return io;
  transport_->Skip(proxy_header_->Take(std::string_view(chunk.data(), count)));
  if (proxy_header_->progress() == ProxyHeader::Progress::kRefused)
    return RefuseProxyHeader(proxy_header_->fault(), proxy_header_->why());
  return proxy_header_->progress() == ProxyHeader::Progress::kMore ? Io::kDone : TakeProxysWord();
}

// Of somebody who is no trusted proxy. What is not seen at once is refused later, as no request and no handshake.
Io Connection::LookForProxyHeader() {
  std::array<char, ProxyHeader::kSignature> chunk;
  size_t count = 0;
  const Io io = transport_->Peek(chunk, count);
  if (io != Io::kDone) return io;
  if (ProxyHeader::Begins({chunk.data(), count}))
    return RefuseProxyHeader(ProxyFault::kNotTrusted, "a PROXY header from no trusted proxy");
  Enter(State::kHandshake);
  return Io::kDone;
}

Io Connection::RefuseProxyHeader(ProxyFault fault, std::string_view why) {
  context_.rules.proxy_protocol->Refused(peer_.address, fault, why);
  return Io::kClosed;
}

// From here on the connection is its client's, which is counted as such.
Io Connection::TakeProxysWord() {
  nameless_ = proxy_header_->client().empty();
  if (!nameless_) peer_.address = proxy_header_->client();
  proxy_header_.reset();
  if (peer_.ticket && !peer_.ticket->CountAs(peer_.address)) {
    if (transport_->encrypted()) return Io::kClosed;
    Refuse(503);
    return Io::kDone;
  }
  Enter(State::kHandshake);
  return Io::kDone;
}

Io Connection::Handshake() {
  const Io io = transport_->Begin();
  if (io == Io::kClosed) return HandshakeFailed();
  if (io != Io::kDone) return io;
  client_sha256_ = transport_->PeerCertificate();
  Enter(State::kHead);
  return io;
}

// Who just goes away, as a probe of the port does, has not failed.
Io Connection::HandshakeFailed() {
  static const ContentPtr kSpeakTls = Content::Make(
      "text/plain; charset=utf-8", "This port speaks HTTPS: ask it with https:// in the URL.\n");
  const Transport::Failure failure = transport_->failure();
  if (failure.why.empty()) return Io::kClosed;
  ++context_.rules.counts->handshakes;
  if (failure.plain_http) ++context_.rules.counts->plain_http;
  if (context_.rules.counts->MayWarn())
    LogWarning("TLS handshake failed", {{"client", peer_.address}, {"plain_http", failure.plain_http}},
               failure.why);
  if (!failure.plain_http) return Io::kClosed;
  Send(Response{.status = 400, .headers = {}, .content = kSpeakTls}, NewRequestId(), false,
       State::kLingering);
  return Io::kDone;
}

}  // namespace thimble::http
