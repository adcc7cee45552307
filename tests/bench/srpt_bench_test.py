#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of what scripts/srpt-bench computes and draws, without a disk."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
PATH = pathlib.Path(__file__).resolve().parents[2] / "scripts/srpt-bench"
loader = importlib.machinery.SourceFileLoader("srpt_bench", str(PATH))
bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("srpt_bench", loader))
loader.exec_module(bench)


def job(iops, p99, **more):
    return {"rw": "randread", "bs": "4k", "depth": 32, "jobs": 1, "iops": iops, "mb_s": iops * 4096 / 1e6,
            "mean_us": p99 / 2, "p50_us": p99 / 2, "p99_us": p99, "p999_us": p99 * 2} | more


def result(*jobs, label="a"):
    return {"device": "/dev/null", "label": label, "kernel": "0", "seconds": 1, "jobs": list(jobs)}


def way(ios, iops, mean, p99):
    return {"total_ios": ios, "iops": iops, "bw_bytes": iops * 4096,
            "clat_ns": {"mean": mean, "percentile": {"50.000000": mean, "99.000000": p99, "99.900000": p99 * 2}}}


IDLE = {"total_ios": 0, "iops": 0, "bw_bytes": 0, "clat_ns": {"mean": 0}}


class Figures(unittest.TestCase):
    def test_reads(self):
        got = bench.figures({"read": way(100, 1000, 2000, 5000), "write": IDLE})
        self.assertEqual(got["iops"], 1000)
        self.assertAlmostEqual(got["mb_s"], 4.096)
        self.assertEqual((got["mean_us"], got["p50_us"], got["p99_us"], got["p999_us"]), (2, 2, 5, 10))

    def test_a_mixture_has_the_sum_and_the_worse_percentile(self):
        got = bench.figures({"read": way(70, 700, 1000, 9000), "write": way(30, 300, 2000, 4000)})
        self.assertEqual(got["iops"], 1000)
        self.assertAlmostEqual(got["mean_us"], 1.3)
        self.assertEqual(got["p99_us"], 9)

    def test_nothing_done_is_an_error(self):
        with self.assertRaises(ValueError):
            bench.figures({"read": IDLE, "write": IDLE})


class Comparison(unittest.TestCase):
    def test_pairs_the_same_work_only(self):
        rows = bench.compare(result(job(100, 10), job(50, 10, depth=1)), result(job(110, 9), job(70, 10, depth=8)))
        self.assertEqual(len(rows), 1)
        self.assertAlmostEqual(rows[0][3], 10)
        self.assertAlmostEqual(rows[0][4], -10)

    def test_worse_in_either_figure(self):
        for new, bad in ((job(94, 100), 1), (job(96, 100), 0), (job(100, 106), 1), (job(120, 80), 0)):
            rows = bench.compare(result(job(100, 100)), result(new))
            self.assertEqual(len(bench.worse(rows, 5)), bad, new)

    def test_command(self):
        with tempfile.TemporaryDirectory() as directory:
            names = []
            for name, one in (("old", job(100, 100)), ("new", job(80, 100))):
                names.append(f"{directory}/{name}")
                pathlib.Path(names[-1]).write_text(json.dumps(result(one)), encoding="utf-8")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                self.assertEqual(bench.main(["compare", *names]), 1)
                self.assertEqual(bench.main(["compare", "--tolerance", "25", *names]), 0)
            self.assertIn("worse by more than 5 %: randread 4k depth 32", out.getvalue())
            pathlib.Path(names[0]).write_text('{"jobs": []}', encoding="utf-8")
            with self.assertRaises(SystemExit):
                bench.main(["compare", *names])


class Plots(unittest.TestCase):
    def test_ticks(self):
        for most in (0.3, 1, 7, 99, 1234, 52000, 1919010):
            marks = bench.ticks(most)
            self.assertEqual(marks[0], 0)
            self.assertGreaterEqual(marks[-1], most)
            self.assertLessEqual(len(marks), 8)

    def test_lines_of_two_results(self):
        with tempfile.TemporaryDirectory() as directory:
            results = [result(job(100, 10), job(50, 10, depth=1)), result(job(110, 9), label="<b>")]
            made = bench.plot(directory, results)
            self.assertEqual(len(made), 3)
            for path in made:
                root = xml.parse(path).getroot()
                lines = root.findall("{http://www.w3.org/2000/svg}polyline")
                self.assertEqual([len(line.get("points").split()) for line in lines], [2, 1])
                words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
                self.assertIn("4k <b>", words)

    def test_bars_leave_gaps(self):
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/bars.svg"
            bench.bars(path, "t", "u", ["x", "y"], {"a": [1, 2], "b": [None, 3]})
            rects = xml.parse(path).getroot().findall("{http://www.w3.org/2000/svg}rect")
            self.assertEqual(len(rects), 1 + 3 + 2)  # ground, bars, legend


class Safety(unittest.TestCase):
    def test_no_write_unless_asked_for(self):
        with self.assertRaises(SystemExit) as caught:
            bench.main(["run", "/nonexistent", "--rw", "randread,randwrite"])
        self.assertIn("--write", str(caught.exception))

    def test_a_disk_in_use_is_not_written_to(self):
        with self.assertRaises(SystemExit) as caught:
            bench.main(["run", "/nonexistent", "--rw", "randwrite", "--write"])
        self.assertIn("not free", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
