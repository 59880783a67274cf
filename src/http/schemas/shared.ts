import { ChangedSeats } from './box-office.ts';
import { SchedulePlan, SeatPlanSummary, SeatPlanWithSeats } from './seat-plans.ts';
import { AdminKey, AdminKeyWithSecret, AdminLogEntry, AdminSession } from './admin-keys.ts';
import { AdminConcert, AdminSchedule, ConcertWithPolicy, QueuePolicy } from './admin.ts';
import { BuyerActivity, BuyerHold, BuyerToken } from './buyers.ts';
import { Cancellation } from './cancellations.ts';
import { AdminSeatMap, Concert, ConcertWithQueue, ListedConcert, Schedule, SeatMap } from './catalogue.ts';
import { Problem } from './operations.ts';
import { ActivityReport, ActivitySample, HealthReason, OverseenNode, OccupiedSchedule } from './oversight.ts';
import { Payment, PaymentWithBalance } from './payments.ts';
import { QueueToken } from './queue.ts';
import { Reservation, ReservationList } from './reservations.ts';
import { RankedSellOut } from './rankings.ts';
import { SalesRow, SeatChange } from './reports.ts';
import { AccessToken, RegisteredUser, User } from './users.ts';
import { Balance, ChargeReceipt, WalletEntry } from './wallet.ts';

/** The schemas that others reference by name; registered once and listed in the OpenAPI document. */
export const sharedSchemas = [
  ChangedSeats,
  AccessToken,
  ActivityReport,
  ActivitySample,
  AdminConcert,
  AdminKey,
  AdminKeyWithSecret,
  AdminLogEntry,
  AdminSchedule,
  AdminSeatMap,
  AdminSession,
  Balance,
  BuyerActivity,
  BuyerHold,
  BuyerToken,
  Cancellation,
  ChargeReceipt,
  Concert,
  ConcertWithPolicy,
  ConcertWithQueue,
  HealthReason,
  OverseenNode,
  ListedConcert,
  OccupiedSchedule,
  Payment,
  PaymentWithBalance,
  Problem,
  QueuePolicy,
  QueueToken,
  RankedSellOut,
  RegisteredUser,
  Reservation,
  ReservationList,
  SalesRow,
  Schedule,
  SeatChange,
  SeatMap,
  User,
  WalletEntry,
  SchedulePlan,
  SeatPlanSummary,
  SeatPlanWithSeats,
];
