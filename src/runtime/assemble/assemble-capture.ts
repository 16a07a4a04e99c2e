// Where requests are captured: at every route, before all that stands there. Rule: nowhere unless the configuration asks for it; of routes to
// providers of AI no bodies, unless they are written down anyway.
import type { Config } from '../../config/config.ts';
import type { RouteSpec } from '../../engine/program.ts';
import type { CaptureShelf } from '../../telemetry/capture-shelf.ts';
import { capture } from '../registry.ts';

const AI_ROUTE = /^ai\//;

export function captured(config: Config, shelf: CaptureShelf): (route: RouteSpec) => RouteSpec {
  const { bodies, max_body: bodyBytes, credentials: keepsCredentials } = config.admin.capture;
  if (!bodies) return (route) => route;
  const whole = capture({ shelf, bodyBytes, keepsCredentials });
  const headsOnly = capture({ shelf, bodyBytes: null, keepsCredentials });
  return (route) => {
    const policy = AI_ROUTE.test(route.name) && !config.log.ai_bodies ? headsOnly : whole;
    return { ...route, policies: [policy, ...route.policies] };
  };
}
