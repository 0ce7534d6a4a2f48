/**
 * The bounds of a payload's size, for those who let users choose it.
 *
 * @module
 */

export {
  largestPayload,
  smallestPayload,
} from "../protocol/channel/payload_size.ts";
