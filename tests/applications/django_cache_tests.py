"""Django's own tests of cache backends, run on `kvlite.contrib.django.KvliteCache`.

`django_cache_tests.py SOURCE LOCATION`: SOURCE is the unpacked source distribution of the Django that is
installed, for its tests are not installed with it.
"""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

import django
from django.conf import settings

BACKEND = "kvlite.contrib.django.KvliteCache"


def configure(source: Path) -> None:
    sys.path.insert(0, str(source / "tests"))
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "cache"],
        SECRET_KEY="test",
        USE_TZ=False,
    )
    django.setup()


def suite(location: str) -> unittest.TestSuite:
    from cache.tests import BaseCacheTests, caches_setting_for_tests
    from django.test import TestCase, override_settings

    @override_settings(CACHES=caches_setting_for_tests(BACKEND=BACKEND, LOCATION=location))
    class KvliteCacheTests(BaseCacheTests, TestCase):
        pass

    return unittest.defaultTestLoader.loadTestsFromTestCase(KvliteCacheTests)


def main(source: str, location: str) -> int:
    configure(Path(source))
    from django.test.utils import get_runner, setup_test_environment

    setup_test_environment()
    runner = get_runner(settings, "django.test.runner.DiscoverRunner")(verbosity=1)
    databases = runner.setup_databases()
    try:
        result = runner.run_suite(suite(location))
    finally:
        runner.teardown_databases(databases)
    ran = result.testsRun - len(result.skipped)
    print(f"ran {ran}, skipped {[reason for _, reason in result.skipped]}")
    return 0 if result.wasSuccessful() and ran > 50 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
