// The admin API as a fetch handler. Rule: what checks every request is not decided here, so that no resource can forget it.

import { checkedApp } from './admin-checks.ts';
import type { AdminApp, AdminParts } from './admin-env.ts';
import { describeAgentPaths } from './agent-paths.ts';
import { describeExecPaths } from './exec-paths.ts';
import { openApiDocument } from './openapi-document.ts';
import { addAgentRoutes } from './routes/agents.ts';
import { addAiAccountsRoute } from './routes/ai-accounts.ts';
import { addAiLimitsRoute } from './routes/ai-limits.ts';
import { addAiUsageRoute } from './routes/ai-usage.ts';
import { addBackendRoutes } from './routes/backends.ts';
import { addCacheRoutes } from './routes/cache.ts';
import { addConfigRoute } from './routes/config.ts';
import { addEventRoutes } from './routes/events.ts';
import { addDashboardRoutes } from './routes/dashboard.ts';
import { addExplainRoute } from './routes/explain.ts';
import { addConnectionsRoute } from './routes/connections.ts';
import { addGatewayRoutesRoute } from './routes/gateway-routes.ts';
import { addHealthRoute } from './routes/health.ts';
import { addOverviewRoute } from './routes/overview.ts';
import { addLimitsRoute } from './routes/limits.ts';
import { addProxyRoutes } from './routes/proxies.ts';
import { addReplayRoutes } from './routes/replay.ts';
import { addReloadRoute } from './routes/reload.ts';
import { addRequestRoutes } from './routes/requests.ts';
import { addSessionRoutes } from './routes/session.ts';
import { addStatsRoute } from './routes/stats.ts';
import { addStatusRoute } from './routes/status.ts';
import { addTunnelAccountRoutes } from './routes/tunnel-accounts.ts';
import { addTokenRoutes } from './routes/tokens.ts';
import { addTunnelInvitationRoutes } from './routes/tunnel-invitations.ts';
import { addTunnelRequestRoutes } from './routes/tunnel-requests.ts';
import { addTunnelRoutes } from './routes/tunnels.ts';

export function createAdminApp(parts: AdminParts): AdminApp {
  const app = checkedApp(parts);
  addDashboardRoutes(app, parts);
  addSessionRoutes(app, parts);
  addHealthRoute(app);
  addStatusRoute(app, parts);
  addConfigRoute(app, parts);
  addReloadRoute(app, parts);
  addStatsRoute(app, parts);
  addOverviewRoute(app, parts);
  addProxyRoutes(app, parts);
  addConnectionsRoute(app, parts);
  addRequestRoutes(app, parts);
  addReplayRoutes(app, parts);
  addEventRoutes(app, parts);
  addBackendRoutes(app, parts);
  addGatewayRoutesRoute(app, parts);
  addLimitsRoute(app, parts);
  addTunnelRoutes(app, parts);
  addTunnelAccountRoutes(app, parts);
  addTokenRoutes(app, parts);
  addTunnelInvitationRoutes(app, parts);
  addTunnelRequestRoutes(app, parts);
  addAiAccountsRoute(app, parts);
  addAiUsageRoute(app, parts);
  addAiLimitsRoute(app, parts);
  addCacheRoutes(app, parts);
  addAgentRoutes(app, parts);
  addExplainRoute(app, parts);
  describeAgentPaths(app);
  describeExecPaths(app);
  addOpenApiDocument(app);
  return app;
}

function addOpenApiDocument(app: AdminApp): void {
  let text: string | undefined;
  app.get('/api/v1/openapi.json', (context) => {
    text ??= JSON.stringify(openApiDocument(app));
    return context.newResponse(text, 200, { 'Content-Type': 'application/json' });
  });
}
