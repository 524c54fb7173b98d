/** Worker: one guest VM. */
import { runGuest } from '../src/guest/guest.js'

export default runGuest
