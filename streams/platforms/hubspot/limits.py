"""Every figure of the client, with its unit and its reason.

Sources: HubSpot's usage guidelines, its guides to objects, search and associations, and its error-handling page.
"""

from __future__ import annotations

from datetime import timedelta

BATCH = 100  # inputs of one batch call, and records of one list page; HubSpot's cap
SEARCH_PAGE = 200  # results of one search page; HubSpot's cap
HISTORIES = 50  # inputs of a read with histories: HubSpot states that they lower the cap, and not how far
ASSOCIATION_READS = 1_000  # inputs of one association read; HubSpot's cap

CONNECT_SECONDS = 10.0  # a TCP and TLS handshake that takes longer will not get better
AT_ONCE = 8  # calls under way: HubSpot states no limit of these, and so few use its ten seconds up
ANSWER_SECONDS = 30.0  # batch calls take up to ten seconds; HubSpot itself gives up after a hundred

# Of the five a second that HubSpot allows an account, over all object types: calls that leave a fifth of a second apart
# do not arrive so, and a sixth within one second is refused.
SEARCHES_PER_SECOND = 4
INTERVAL = timedelta(seconds=10)  # of the rolling limit, where a reply does not say
LOW_WATER = 0.1  # share of the rolling limit below which calls are spread evenly and not sent at once
SPARE = 0.5  # share of the rolling limit that a backfill leaves to everything else
DAY_SPARE = 0.2  # share of the day that it leaves: polls, webhooks and writes of a busy day stay below that
FIRST_SHARE = 0.02  # share of the day that polls and writes of other tiers leave to those of the first
DAY_PROBE = timedelta(minutes=15)  # how long the day's share is believed to be reached; then one call asks again
LOCKED = timedelta(seconds=2)  # HubSpot's own figure for 423
SECOND = timedelta(seconds=1)  # a "secondly" limit is over after that
MIGRATION = timedelta(minutes=1)  # 477 without Retry-After
LONGEST_WAIT = timedelta(hours=24)  # HubSpot states migrations of up to a day; more is a mistake
PROBE = timedelta(minutes=15)  # a revoked grant or a missing scope is mended by a person, who takes minutes
TRANSIENT = timedelta(seconds=1)  # before what was not sent may be sent again

RETENTION = timedelta(days=3)  # of the webhooks journal; HubSpot's figure
ANEW_EVERY = timedelta(hours=1)  # a full reading of a large portal takes that long; a lost offset asks for one
FILE_BYTES = 50_000_000  # of one of its files: ten times what HubSpot states, so that no answer fills the memory
STRETCH = 500  # of its events at once: five batches of reads, after which a command that waits has its turn

TOKEN_MARGIN = timedelta(seconds=60)  # a token is renewed this long before it ends: longer than any call

OVERLAP = timedelta(minutes=2)  # polls look back: search shows a write "a few moments" late, and clocks differ
