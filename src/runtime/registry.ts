// The one list that names every plug-in: from what the configuration says of a route to the target that carries it out.
// Rule: nobody else imports a target, a policy or a listener by name.
import type { BackendsTarget, RouteTarget, TunnelTarget } from '../config/schema/targets.ts';
import type { AnswerTarget, Target } from '../contract/target.ts';
import { redirect, toHttps as redirectToHttps } from '../targets/redirect/redirect.ts';
import { respond, respondWith } from '../targets/respond/respond.ts';

export { HttpListener, type HttpServing, type HttpSettings } from '../listeners/http/http-listener.ts';
export { MixedListener, type MixedServing, type MixedSettings } from '../listeners/mixed/mixed-listener.ts';
export { acl } from '../policies/acl/acl.ts';
export { aiAccount } from '../policies/ai-account/ai-account.ts';
export { aiBodies } from '../policies/ai-bodies/ai-bodies.ts';
export { aiCache, type CacheResult, type ReadAnswer } from '../policies/ai-cache/ai-cache.ts';
export { aiDialect } from '../policies/ai-dialect/ai-dialect.ts';
export { chatTranslation } from '../policies/ai-dialect/chat-translation.ts';
export { modelTranslation } from '../policies/ai-dialect/model-translation.ts';
export { AI_LIMITS_SCOPE, aiLimits, perMinute } from '../policies/ai-limits/ai-limits.ts';
export { capture } from '../policies/capture/capture.ts';
export { aiRelay } from '../policies/ai-relay/ai-relay.ts';
export { anthropicError, openaiError } from '../policies/ai-relay/provider-errors.ts';
export { aiUser } from '../policies/ai-user/ai-user.ts';
export { auth } from '../policies/auth/auth.ts';
export { cache } from '../policies/cache/cache.ts';
export { foreseenCache } from '../policies/cache/foreseen-cache.ts';
export type { CacheOptions } from '../policies/cache/cache-options.ts';
export { compress, type CompressOptions } from '../policies/compress/compress.ts';
export { compressCopier } from '../policies/compress/compress-copier.ts';
export { cors } from '../policies/cors/cors.ts';
export { exitFields } from '../policies/exit-fields/exit-fields.ts';
export { filter } from '../policies/filter/filter.ts';
export { forwardAuth } from '../policies/forward-auth/forward-auth.ts';
export { frontPage } from '../policies/front-page/front-page.ts';
export { giveInnerPass, takeInnerPass } from '../policies/inner-pass/inner-pass.ts';
export { HeaderChanges } from '../policies/headers/header-changes.ts';
export { requestHeaders } from '../policies/headers/request-headers.ts';
export { type HstsOptions, responseHeaders } from '../policies/headers/response-headers.ts';
export { limits } from '../policies/limits/limits.ts';
export { mirror, type MirrorOutcome } from '../policies/mirror/mirror.ts';
export { proxyUser } from '../policies/proxy-user/proxy-user.ts';
export { rateLimit } from '../policies/rate-limit/rate-limit.ts';
export { scan } from '../policies/scan/scan.ts';
export type { ScanEars } from '../policies/scan/scan-ears.ts';
export { serviceGuard } from '../policies/service-guard/service-guard.ts';
export { tunnelInterstitial } from '../policies/tunnel-interstitial/tunnel-interstitial.ts';
export { nameBelow, tunnelName } from '../policies/tunnel-name/tunnel-name.ts';
export { timeout } from '../policies/timeout/timeout.ts';
export { sticky } from '../policies/sticky/sticky.ts';
export { UsageReader } from '../policies/usage/usage-reader.ts';
export { usage } from '../policies/usage/usage.ts';
export { Accounts } from '../targets/accounts/accounts.ts';
export { backends } from '../targets/backends/backends.ts';
export {
  type BackendNames,
  type BackendOrigin,
  type BackendRetries,
  BalancedBackends,
  type KeyOf,
  type Waiting,
} from '../targets/backends/balanced-backends.ts';
export { pathRewrite } from '../targets/backends/path-rewrite.ts';
export { type SwappedPrefixes, swappedPrefixes } from '../targets/backends/swapped-prefixes.ts';
export { agents } from '../targets/agents/agents.ts';
export { wayBack } from '../targets/backends/way-back.ts';
export { StickyCookie } from '../targets/backends/sticky-cookie.ts';
export { FollowedBackend } from '../targets/backends/followed-backend.ts';
export { ThroughChain } from '../targets/backends/through-chain.ts';
export { KEEP_HOST, originOfUrl, type OriginSettings } from '../targets/backends/origin-of-url.ts';
export { denialError } from '../targets/destination/denial-error.ts';
export { Destination } from '../targets/destination/destination.ts';
export { type HopSessions, type Session, sessionKey, ViaHops } from '../targets/destination/via-hops.ts';
export { Direct } from '../targets/destination/direct.ts';
export { CACHE_PATH, cacheAdmin } from '../targets/cache-admin/cache-admin.ts';
export { exec } from '../targets/exec/exec.ts';
export { tunnel } from '../targets/tunnel/tunnel.ts';
export { tunnelWay } from '../targets/tunnel/tunnel-way.ts';
export {
  hidesMisses,
  nodeAt,
  spokenAddress,
  spokenName,
  tunnelOfThisNode,
  TunnelOfNodes,
} from '../targets/tunnel/tunnel-of-nodes.ts';
export { tunnelAccounts } from '../targets/tunnel-accounts/tunnel-accounts.ts';
export { tunnelControl, tunnelProxySockets } from '../targets/tunnel-control/tunnel-control.ts';
export { httpsUrl, redirectLocation } from '../targets/redirect/redirect.ts';
export { respondWith } from '../targets/respond/respond.ts';

/** For the routes of one path; those with backends or a tunnel are put together elsewhere. */
export function createTarget(to: Exclude<RouteTarget, BackendsTarget | TunnelTarget>, pattern: string): Target {
  if ('respond' in to) {
    const { status, headers, body } = to.respond;
    return respond({ status, fields: Object.entries(headers), body });
  }
  return redirect({ to: to.redirect, status: to.status, pattern }, respondWith);
}

/** The same URL, at the door with TLS on that port. */
export function toHttps(port: number): AnswerTarget {
  return redirectToHttps(port, respondWith);
}
