/** Digits and letters that people do not mistake for each other when they read or dictate them. */
const SIGNS = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 8;
/** The end of a UUID of version 7 is random; 48 bits are exact in a number. */
const RANDOM_DIGITS = 12;

/**
 * The short name of a payment for people, such as FR-7K2M-9QXD. Among 10 000 bookings of a concert two are alike once in 13 000
 * concerts; the UUID beside it decides.
 */
export function bookingNumber(paymentId: string): string {
  let rest = Number.parseInt(paymentId.slice(-RANDOM_DIGITS), 16);
  let signs = '';
  for (let index = 0; index < LENGTH; index += 1) {
    signs += SIGNS.charAt(rest % SIGNS.length);
    rest = Math.floor(rest / SIGNS.length);
  }
  return `FR-${signs.slice(0, LENGTH / 2)}-${signs.slice(LENGTH / 2)}`;
}
