"""Crontabs of the form in which Debian's packages install them; what the jobs do is left out."""

from typing import Final

SYSTEM: Final = """\
# /etc/crontab: for the whole system.
# Other than in a user's, there is a field for the user.

SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

# How a job is written:
# .------- minute (0 - 59)
# |  .---- hour (0 - 23)
# |  |
# *  *  *  *  * user-name command
17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly
25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
47 6\t* * 7\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }
52 6\t1 * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.monthly; }
#
"""
PLAIN: Final = """\
30 3 * * 0 root test -e /run/systemd/system || SERVICE_MODE=1 /usr/lib/e2fsprogs/scrub_cron
10 3 * * * root test -e /run/systemd/system || SERVICE_MODE=1 /sbin/scrub -A -r
"""
STATISTICS: Final = """\
# Where the script is
PATH=/usr/lib/sysstat:/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin

# Reports every 10 minutes
5-55/10 * * * * root command -v debian-sa1 > /dev/null && debian-sa1 1 1

# Another one before midnight
59 23 * * * root command -v debian-sa1 > /dev/null && debian-sa1 60 2
"""
SESSIONS: Final = """\
# Look for and remove what is old, every 30 minutes
09,39 *     * * *     root   [ -x /usr/lib/php/clean ] && if [ ! -d /run/x ]; then /usr/lib/php/clean; fi
"""
CERTIFICATES: Final = """\
# /etc/cron.d/certbot: for the package
#
# Not run where systemd has a timer for it.
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/x && perl -e 'sleep int(rand(43200))' && certbot -q
"""
ARRAYS: Final = """\
#
# cron.d/mdadm -- checks of arrays
#

# Every Sunday, but only in the first week of a month: both can't be said in
# the fields.
57 0 * * 0 root if [ -x /usr/share/mdadm/check ] && [ $(date +\\%d) -le 7 ]; then /usr/share/mdadm/check; fi
"""
ANACRON: Final = """\
# /etc/cron.d/anacron: for the package

SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

30 7-23 * * *   root\t[ -x /etc/init.d/anacron ] && if [ ! -d /run/x ]; then invoke-rc.d anacron start; fi
"""
MAILED: Final = """\
#
# cron-jobs for munin-node
#

MAILTO=root

# If the plugin is on.
*/5 * * * *\troot if [ -x /etc/munin/apt ]; then /etc/munin/apt update 7200 12 >/dev/null; fi

"""
ALL: Final = {
    "crontab": (SYSTEM, 4),
    "e2scrub_all": (PLAIN, 2),
    "sysstat": (STATISTICS, 2),
    "php": (SESSIONS, 1),
    "certbot": (CERTIFICATES, 1),
    "mdadm": (ARRAYS, 1),
    "anacron": (ANACRON, 1),
    "munin-node": (MAILED, 1),
}
"""By name: the text, and how many jobs there are in it."""
