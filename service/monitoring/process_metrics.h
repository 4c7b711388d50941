// SPDX-License-Identifier: Apache-2.0
//
// What this process takes of the machine, under the names that Prometheus' own clients use.
#pragma once

#include "service/support/prometheus_text.h"

namespace thimble {

void WriteProcess(PrometheusText& out);

}  // namespace thimble
