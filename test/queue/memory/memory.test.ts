import t from 'tap';
import { testConformance } from '../conformance.ts';
import { memoryRooms } from '../rooms.ts';

testConformance(t, memoryRooms());
