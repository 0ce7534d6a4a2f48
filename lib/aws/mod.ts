/**
 * The AWS SDK behind a few typed calls, loaded when first needed.
 *
 * @module
 */

export { Aws } from "./aws.ts";
export type { CommandOutput } from "./command_output.ts";
export { type CommandState, neverBegan, stateReason } from "./command_state.ts";
export { credentialSource } from "./credential_words.ts";
export type { Credentials, CredentialSource } from "./credentials.ts";
export { isHere, type TargetFacts, type TargetVerdict } from "./diagnose.ts";
export type { Ec2Instance } from "./ec2.ts";
export type { SshKeyRequest } from "./ec2_instance_connect.ts";
export type {
  EcsContainer,
  EcsTask,
  EcsTaskDefinition,
  ExecuteCommandRequest,
  ExecuteCommandResult,
} from "./ecs.ts";
export { type EcsSpec, formatEcsSpec, parseEcsSpec } from "./ecs_spec.ts";
export type { ResolvedContainer } from "./ecs_target.ts";
export {
  AmbiguousContainerError,
  ContainerNotFoundError,
  ContainerNotReadyError,
  type EcsCandidate,
  type EcsProblem,
} from "./ecs_target_errors.ts";
export { AwsCallError, type AwsErrorKind } from "./errors.ts";
export type {
  InventorySource,
  InventoryUpdate,
  TagValues,
} from "./inventory.ts";
export type { InventoryNode, Reach } from "./inventory_node.ts";
export { type PermissionGroup, permissionGroups } from "./permission_groups.ts";
export { minimalPolicy, type PolicyDocument } from "./minimal_policy.ts";
export { type NodeAdvice, nodeAdvice } from "./node_advice.ts";
export {
  type PlanFacts,
  type PlannedCall,
  plannedCalls,
  plannedCommands,
  type PlannedTarget,
} from "./permissions.ts";
export { type Refusal, refusalOf } from "./refusal.ts";
export {
  parseSessionPreferences,
  type SessionPreferences,
} from "./session_preferences.ts";
export {
  type NodeCommandRequest,
  type NodeCommandResult,
  runNodeCommand,
} from "./node_command.ts";
export type {
  CommandInvocation,
  CommandProgress,
  CommandRequest,
  CommandTarget,
  InvocationPage,
  RunCommandCalls,
} from "./run_command.ts";
export { type Sought, soughtBy } from "./find_elsewhere.ts";
export { namesOrNone, type NodeList } from "./list_nodes.ts";
export { defaultRegion, type RegionList } from "./regions.ts";
export { readCaBundle } from "./request_handler.ts";
export type { SessionControlOptions, Signature } from "./session_control.ts";
export {
  type AwsSettings,
  type ResolvedSettings,
  resolveSettings,
  type Trust,
} from "./settings.ts";
export type {
  NodeFilter,
  NodeInformation,
  SessionFilter,
  SessionInformation,
  StartSessionRequest,
} from "./ssm.ts";
export { browserUrl, type SignedIn, type SignInRequest } from "./sso.ts";
export type { DeviceAuthorization } from "./sso_login.ts";
export type { SsoLogin } from "./sso_profile.ts";
export {
  checkStreamUrl,
  STREAM_HOST_VARIABLE,
  streamHosts,
  StreamUrlError,
} from "./stream_url.ts";
export type { CallerIdentity } from "./sts.ts";
export {
  AmbiguousTargetError,
  InvalidTargetError,
  type ResolvedTarget,
  type TargetCandidate,
  TargetNotFoundError,
} from "./target.ts";
export type { LookupAnswer } from "./target_lookup.ts";
export type { LookupStep } from "./target_plan.ts";
export type { TargetGrammar, TargetSpec } from "./target_spec.ts";
