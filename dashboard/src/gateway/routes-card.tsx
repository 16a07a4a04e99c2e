// The routes in the order in which they are looked at: what each takes, where it leads, what it passes. Rule: the name of a policy leads to where it is
// set, since a route may have it from further out.
import type { JSX } from 'preact';
import type { RouteAnswer } from '../../../src/control/gateway-answers.ts';
import { Chip } from '../components/chip.tsx';
import { addressOf } from '../state/route.ts';

export function RoutesCard({ routes }: { readonly routes: readonly RouteAnswer[] }): JSX.Element {
  return (
    <section class="card">
      <h2>Routes</h2>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Routes">
        <table class="plain-table routes">
          <thead>
            <tr>
              <th scope="col">Route</th>
              <th scope="col">Takes</th>
              <th scope="col">Leads to</th>
              <th scope="col">Policies</th>
            </tr>
          </thead>
          <tbody>
            {routes.map((route) => (
              <tr key={route.place}>
                <th scope="row">
                  <a href={addressOf('traffic', { route: route.name })}>{route.name}</a>
                  <div class="quiet">
                    <code>{route.place}</code>
                  </div>
                </th>
                <td>{wordsOf(route.match)}</td>
                <td>
                  <Target target={route.target} />
                </td>
                <td>
                  <Policies policies={route.policies} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function wordsOf({ doors, methods, hosts, paths, headers, query }: RouteAnswer['match']): string {
  const pairs = (words: Readonly<Record<string, string>>): string[] =>
    Object.entries(words).map(([name, value]) => `${name}: ${value}`);
  const parts = [
    ...methods,
    ...hosts,
    ...paths,
    ...pairs(headers),
    ...pairs(query),
    ...doors.map((door) => `at ${door}`),
  ];
  return parts.length === 0 ? 'everything' : parts.join(' ');
}

function Target({
  target: { kind, text, backends, strategy, via },
}: {
  readonly target: RouteAnswer['target'];
}): JSX.Element {
  return (
    <>
      <Chip>{kind}</Chip> {backends.length === 0 ? text : backends.join(', ')}
      <div class="quiet">
        {backends.length > 1 && strategy !== null && strategy.replaceAll('_', ' ')}
        {via.length > 0 && ` through ${via.join(' → ')}`}
      </div>
    </>
  );
}

function Policies({ policies }: { readonly policies: RouteAnswer['policies'] }): JSX.Element {
  const on = policies.filter(({ on: isOn }) => isOn);
  if (on.length === 0) return <span class="quiet">none</span>;
  return (
    <span class="actions">
      {on.map(({ kind, place }) => (
        <a key={kind} class="chip" title={place} href={addressOf('config', { text: place })}>
          {kind}
        </a>
      ))}
    </span>
  );
}
