#!/usr/bin/env python3
"""Tests the tidy test: every rule catches its bad samples, at the right line, and lets the good ones pass."""

import unittest

import rules
import samples
from source import Source


class Rules(unittest.TestCase):
    def test_each_rule_has_a_bad_and_a_good_sample(self):
        self.assertEqual(set(samples.SAMPLES), set(rules.RULES))
        for rule, cases in samples.SAMPLES.items():
            self.assertTrue(any(line is not None for _, _, line in cases), f"{rule} has no bad sample")
            self.assertTrue(any(line is None for _, _, line in cases), f"{rule} has no good sample")

    def test_samples(self):
        for rule, cases in samples.SAMPLES.items():
            for path, text, line in cases:
                with self.subTest(rule=rule, path=path, text=text[:80]):
                    found = [at for _, at, name, _ in rules.findings(Source(path, text)) if name == rule]
                    self.assertEqual(found, [] if line is None else [line])

    def test_good_samples_break_no_other_rule_by_accident(self):
        sample = Source("lib/include/squall/core/a.hpp", "// Says what it is.\n#pragma once\n#include <string>\n")
        self.assertEqual(list(rules.findings(sample)), [])

    def test_top_level(self):
        for paths, wrong in samples.TOP_LEVEL_SAMPLES:
            self.assertEqual([path for path, *_ in rules.top_level(paths)], wrong)

    def test_documents(self):
        for files, wrong in samples.DOCUMENT_SAMPLES:
            sources = [Source(path, text) for path, text in files.items()]
            found = [(path, line) for path, line, *_ in rules.document_findings(sources, list(files))]
            self.assertEqual(found, wrong)

    def test_exceptions_have_a_known_rule_and_a_reason(self):
        for (rule, _), reason in rules.EXCEPTIONS.items():
            self.assertIn(rule, rules.RULES)
            self.assertTrue(reason)


class Code(unittest.TestCase):
    def test_comments_and_strings_are_blanked_and_lines_kept(self):
        source = Source("a.cpp", 'int a; // x\n/* y\n z */ f("q\\"w"); char c = \'\\\'\'; int n = 1\'000;\n#include "squall/a.hpp" // no\n')
        self.assertEqual(len(source.code_lines), len(source.text.split("\n")))
        for gone in ("x", "y", "z", "q", "w"):
            self.assertNotIn(gone, "".join(source.code_lines[:3]))
        self.assertIn("1'000", source.code)
        self.assertEqual(source.code_lines[3].strip(), '#include "squall/a.hpp"')


if __name__ == "__main__":
    unittest.main()
