// What the command line says of doors that pass from one Sluice to the next. Rule: between `beginSuccession` and its end an address that
// another one has is shared with it, and not refused.
import { CAN_SHARE_PORTS, succession } from '../../transport/port-sharing.ts';

/** Whether this system can do that at all. */
export const sharesDoors: boolean = CAN_SHARE_PORTS;

export interface DoorSuccession {
  /** Ours are open, and the other one has let go of the control plane. */
  complete(): void;
  /** The other one has ended. */
  end(): void;
  /** The other one stays. */
  abandon(): void;
}

export function beginSuccession(): DoorSuccession {
  succession.isUnderWay = true;
  return {
    complete: () => succession.complete(),
    end: () => {
      succession.isUnderWay = false;
    },
    abandon: () => succession.abandon(),
  };
}
