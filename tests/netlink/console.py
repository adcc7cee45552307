#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""One client for a whole scenario: starting one for each question costs
seconds in a guest without KVM. A request is a line with tabs between

  request|dump  OPERATION  JSON  EXPRESSION   of the reply d
  event         NAME       TEXT               wait for an event with both

and the answer is one line: the expression's value, or what went wrong.
"""

import errno
import json
import sys

from client import Events, NlError, connect


def ask(client, method, operation, attributes, expression="d"):
    try:
        call = client.dump if method == "dump" else client.do
        reply = call(operation, json.loads(attributes))
    except NlError as err:
        text = (err.nl_msg.extack or {}).get("msg", "")
        return f"error: {errno.errorcode[err.error]} {text}"
    return str(eval(expression, {"d": reply}))  # the scenario's own words


def main():
    client, ears, log = connect(), Events(), []
    print("ready", flush=True)
    for line in sys.stdin:
        method, *words = line.rstrip("\n").split("\t")
        if method == "event":
            answer = ears.find(log, *words)
        else:
            answer = ask(client, method, *words)
        print(answer.replace("\n", " "), flush=True)


main()
