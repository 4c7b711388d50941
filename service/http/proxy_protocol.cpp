// SPDX-License-Identifier: Apache-2.0
#include "service/http/proxy_protocol.h"

#include "service/support/log.h"

namespace thimble::http {

// A proxy of the operator's that is set up wrongly is his to mend; what strangers send is not.
void ProxyProtocol::Refused(std::string_view peer, ProxyFault fault, std::string_view why) {
  ++refused_.at(static_cast<size_t>(fault));
  Log(fault == ProxyFault::kNotTrusted ? LogLevel::kInfo : LogLevel::kWarning, "connection refused",
      {{"peer", peer}, {"proxy_header", ProxyFaultName(fault)}}, why);
}

void ProxyProtocol::Write(PrometheusText& out) const {
  out.Metric("thimble_proxy_headers_refused_total", "counter",
             "Connections that ended for what they began with, by what is wrong with the PROXY header.");
  for (size_t fault = 0; fault < kProxyFaults; ++fault) {
    out.Sample({{"reason", ProxyFaultName(static_cast<ProxyFault>(fault))}},
               static_cast<double>(refused_.at(fault)));
  }
}

}  // namespace thimble::http
