// The parts of the program for the rooms that show them: its pages and its dashboard. Rule: where they are is known in one place.
export { partsBelow, readPart } from '../services/program/program-parts.ts';
