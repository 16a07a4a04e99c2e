// The addresses that this program listens on, as destinations. Rule: nobody reaches our own doors through us, by whatever
// spelling, name or interface; a destination on a port that we do not listen on costs one look into a map.
import { hostname, networkInterfaces } from 'node:os';
import { canonicalHost } from '../../core/address.ts';
import { embeddedIpv4, formatIp, isLoopback, isUnspecified, parseIp, type IpAddress } from '../../core/ip.ts';
import { isLoopbackName, type Destination } from './destination.ts';

/** '' as a host is every address of this machine. */
export interface DoorAddress {
  readonly host: string;
  readonly port: number;
}

/** What the machine is called and which addresses it has; asked only when the port fits. */
export interface Machine {
  readonly addresses: () => readonly string[];
  readonly name: () => string;
}

const THIS_MACHINE: Machine = {
  addresses: () =>
    Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .map(({ address }) => address),
  name: hostname,
};

export class OwnDoors {
  readonly #machine: Machine;
  readonly #byPort = new Map<number, DoorHost[]>();

  constructor(doors: readonly DoorAddress[], machine: Machine = THIS_MACHINE) {
    this.#machine = machine;
    this.replace(doors);
  }

  /** With the ports that they really have. */
  replace(doors: readonly DoorAddress[]): void {
    this.#byPort.clear();
    for (const { host, port } of doors) {
      const hosts = this.#byPort.get(port) ?? [];
      hosts.push(readHost(host));
      this.#byPort.set(port, hosts);
    }
  }

  /** Also asked with an address that a name was resolved to. */
  includes(destination: Destination, port: number): boolean {
    const doors = this.#byPort.get(port);
    return doors !== undefined && doors.some((door) => this.#leadsTo(destination, door));
  }

  #leadsTo({ host, ip }: Destination, door: DoorHost): boolean {
    if (ip === null) return this.#nameLeadsTo(host, door);
    const address = embeddedInside(ip);
    // Connecting to 0.0.0.0 or :: reaches this machine itself.
    if (isUnspecified(address)) return door.isEvery || door.isLoopback;
    if (door.isEvery) return isLoopback(address) || this.#hasAddress(formatIp(address));
    return formatIp(address) === door.host;
  }

  #nameLeadsTo(host: string, door: DoorHost): boolean {
    if (isLoopbackName(host)) return door.isEvery || door.isLoopback;
    return host === door.host || host === canonicalHost(this.#machine.name());
  }

  #hasAddress(address: string): boolean {
    return this.#machine.addresses().some((own) => canonicalHost(own) === address);
  }
}

interface DoorHost {
  readonly host: string;
  readonly isEvery: boolean;
  readonly isLoopback: boolean;
}

function readHost(text: string): DoorHost {
  const host = canonicalHost(text);
  const ip = parseIp(host);
  const isEvery = host === '' || (ip !== undefined && isUnspecified(ip));
  return { host, isEvery, isLoopback: ip === undefined ? isLoopbackName(host) : isLoopback(ip) };
}

/** `::127.0.0.1` and `64:ff9b::7f00:1` may be taken for the address in them, so they count as that. */
function embeddedInside(ip: IpAddress): IpAddress {
  return isLoopback(ip) || isUnspecified(ip) ? ip : (embeddedIpv4(ip) ?? ip);
}
