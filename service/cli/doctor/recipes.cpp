// SPDX-License-Identifier: Apache-2.0
#include "service/cli/doctor/this_host.h"
#include "tcb/base/text.h"

namespace thimble {

std::string ClientRecipes(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  const bool https = url.starts_with("https:");
  const std::string pccs = StrCat(url, "/sgx/certification/v4/");
  const std::string_view authority = url.substr(url.find("//") + 2);
  return StrCat(
      "# Intel QPL: /etc/sgx_default_qcnl.conf\n{ \"pccs_url\": \"", pccs, "\", \"collateral_service\": \"",
      pccs, "\",\n  \"use_secure_cert\": ", https ? "true" : "false",
      ", \"pccs_api_version\": \"3.1\", \"retry_times\": 6, \"retry_delay\": 5 }\n\n",
      "# Azure-DCAP-Client: environment, SGX\nAZDCAP_BASE_CERT_URL=", url,
      "/sgx/certification\nAZDCAP_PRIMARY_BASE_CERT_URL=", url,
      "/metadata/THIM/sgx/certification\nAZDCAP_SECONDARY_BASE_CERT_URL=", url, "/sgx/certification\n",
      https ? StrCat("# TDX\nAZDCAP_REGION_URL=", authority,
                     "\nAZDCAP_BASE_CERT_URL_TDX=/sgx/certification\nAZDCAP_COLLATERAL_VERSION=v4\n\n")
            : std::string("# TDX: over HTTPS only\n\n"),
      "# dcap-qvl\nPCCS_URL=", url,
      "\n\n# trustee\n[attestation_service.verifier_config.dcap_verifier]\ncollateral_service = \"", pccs,
      "\"\ntcb_update_type = \"standard\"\n[attestation_service.verifier_config.snp_verifier]\nvcek_sources "
      "= [{ type = \"KDS\", base_url = "
      "\"",
      url, "\" }]\n\n# AMD's KDS, for go-sev-guest, snpguest and others\n", url, "/vcek/v1/\n");
}

}  // namespace thimble
