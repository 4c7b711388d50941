// SPDX-License-Identifier: Apache-2.0
//
// One function a verb, each in the file of its name.
#pragma once

#include "service/cli/cli.h"

namespace thimble {

ExitCode Run(const ServeOptions& options);
ExitCode Run(const VerifyOptions& options);
ExitCode Run(const InspectOptions& options);
ExitCode Run(const FetchOptions& options);
ExitCode Run(const StatusOptions& options);
ExitCode Run(const RefreshOptions& options);
ExitCode Run(const BaselineOptions& options);
ExitCode Run(const ImpactOptions& options);
ExitCode Run(const FloorsOptions& options);
ExitCode Run(const AuditOptions& options);
ExitCode Run(const PlatformOptions& options);
ExitCode Run(const ExportOptions& options);
ExitCode Run(const ImportOptions& options);
ExitCode Run(const BackupOptions& options);
ExitCode Run(const RestoreOptions& options);
ExitCode Run(const VerifyResultOptions& options);
ExitCode Run(const ResultKeyOptions& options);
ExitCode Run(const CheckConfigOptions& options);
ExitCode Run(const InitOptions& options);
ExitCode Run(const HashTokenOptions& options);
ExitCode Run(const DoctorOptions& options);
ExitCode Run(const SharedMigrateOptions& options);
ExitCode Run(const VersionOptions& options);
ExitCode Run(const ExplainOptions& options);

}  // namespace thimble
