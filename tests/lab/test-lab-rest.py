# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the lab promises of bm-core: who may sign in and how, and the directory over REST as over SQL.

Run by test-lab.sh.
"""
import imaplib
import urllib.parse

from lab_wires import (ADMIN, DOMAIN, ENV, SERVERS, TEXT_GUID, append, call, entry_uid, imap, knobs, mail_host, message,
                       refused, run_cases, sql, wait_for)


def test_every_credential_signs_in():
    status, answer = call("POST", "/api/auth/_su?login=alice%40lab.test")
    assert status == 200 and answer["status"] == "Ok" and answer["latd"] == "alice@" + DOMAIN
    token = answer["authKey"]
    assert answer["authUser"]["uid"] == entry_uid("alice") != "alice"
    status, key = call("PUT", "/api/auth/keys?displayName=test", key=token)
    assert status == 200 and key["subject"] == entry_uid("alice")
    for secret in "secret", token, key["sid"]:
        imap("alice", secret).logout()
    assert refused("alice", "wrong") and refused("bob", token) and refused("bob", key["sid"])
    assert call("GET", "/api/auth/ping", key=token)[0] == 200
    assert call("DELETE", "/api/auth/keys/" + key["sid"], key=token)[0] == 200
    assert refused("alice", key["sid"])
    assert call("POST", "/api/auth/logout", key=token)[0] == 200
    assert refused("alice", token)
    assert call("GET", "/api/auth/ping", key=token)[0] == 403


def test_who_may_not():
    assert refused("archie") and refused("nosuch")
    assert call("POST", "/api/auth/_su?login=archie%40lab.test")[1]["status"] == "Bad"
    assert call("POST", "/api/auth/_su?login=alice")[0] == 500
    token = call("POST", "/api/auth/_su?login=alice%40lab.test")[1]["authKey"]
    status, fault = call("POST", "/api/auth/_su?login=bob%40lab.test", key=token)
    assert status == 403 and fault["errorCode"] == "PERMISSION_DENIED"
    knobs(state="CORE_STATE_MAINTENANCE")
    assert call("GET", "/api/system/installation/state")[1] == "CORE_STATE_MAINTENANCE"
    assert refused("alice")
    knobs(state="CORE_STATE_RUNNING")
    assert call("GET", "/api/auth/ping", key=token)[0] == 403  # maintenance dropped it
    assert call("GET", "/api/system/installation/state")[1] == "CORE_STATE_RUNNING"


def su(login, key=ADMIN):
    return call("POST", "/api/auth/_su?login=" + urllib.parse.quote(login), key=key)


def login(who, password="secret"):
    return call("POST", "/api/auth/login?origin=test&login=" + urllib.parse.quote(who), password, key="")[1]


def test_login_with_roles():
    answer = login("adele@lab.test")
    assert answer["status"] == "Ok" and answer["latd"] == "adele@" + DOMAIN and answer["message"] is None, answer
    assert {"sudo", "manageUser", "hasMail"} <= set(answer["authUser"]["roles"]), answer
    assert answer["authUser"]["value"]["dataLocation"] == "bm-master"
    status, current = call("GET", "/api/auth", key=answer["authKey"])
    assert status == 200 and current["uid"] == answer["authUser"]["uid"] == entry_uid("adele")
    plain = login("erin.martin@other.test")  # an address does
    assert plain["authUser"]["value"]["login"] == "erin" and "sudo" not in plain["authUser"]["roles"], plain
    assert login("erin.martin@other.test", plain["authKey"])["authKey"] == plain["authKey"]  # a session stays itself
    admin = login("admin0@global.virt")
    assert admin["status"] == "Ok" and "systemManagement" in admin["authUser"]["roles"], admin
    assert su("alice@lab.test", admin["authKey"])[1]["status"] == "Ok"
    for who, password in ("alice@lab.test", "wrong"), ("archie@lab.test", "secret"), ("x@nowhere", "secret"), \
            ("alice@lab.test", ""):
        bad = login(who, password)
        assert bad["status"] == "Bad" and "authKey" not in bad, (who, bad)
    assert login("alice@lab.test", "wrong")["message"] == "Result auth is NO for login: alice@lab.test"


def test_sudo_is_a_role_in_a_domain():
    adele, alice = login("adele@lab.test")["authKey"], login("alice@lab.test")["authKey"]
    status, answer = su("bob@other.test", adele)
    assert status == 200 and answer["status"] == "Ok" and answer["latd"] == "bob@" + DOMAIN
    assert su("paul@second.test", adele)[0] == 403 and su("bob@lab.test", alice)[0] == 403
    assert su("nosuch@lab.test", alice)[1]["status"] == "Bad"  # before rights are looked at
    assert su("erin.martin@other.test")[1]["status"] == "Bad"  # an address does not


def test_api_keys():
    alice, bob = su("alice@lab.test")[1]["authKey"], su("bob@lab.test")[1]["authKey"]
    keys = [call("PUT", "/api/auth/keys?displayName=job%%20%d" % n, key=alice)[1] for n in range(2)]
    assert [k["displayName"] for k in keys] == ["job 0", "job 1"] and keys[0]["domainUid"] == DOMAIN
    mine = call("GET", "/api/auth/keys", key=alice)[1]
    assert all(k in mine for k in keys) and call("GET", "/api/auth/keys", key=bob)[1] == []
    assert call("DELETE", "/api/auth/keys/" + keys[0]["sid"], key=bob)[0] == 200  # says so, and leaves it
    assert keys[0] in call("GET", "/api/auth/keys", key=keys[1]["sid"])[1]  # a key is a session
    assert (keys[0]["sid"], "job 0") in sql("SELECT sid, displayname FROM t_api_key", database="bj")
    assert call("PUT", "/api/auth/keys?displayName=%20", key=alice)[0] == 500
    assert call("PUT", "/api/auth/keys?displayName=x", key="wrong")[0] == 403
    status, chosen = call("PUT", "/api/auth/keys/my-own?displayName=x", key=alice)
    if ENV["BMLAB_SCHEMA"] == "5":
        assert status == 200 and chosen["sid"] == "my-own"
        imap("alice", "my-own").logout()
        assert call("DELETE", "/api/auth/keys/my-own", key=alice)[0] == 200
    else:
        assert status == 404
    for key in keys:
        assert call("DELETE", "/api/auth/keys/" + key["sid"], key=alice)[0] == 200
        assert refused("alice", key["sid"])
    assert call("GET", "/api/auth/keys", key=alice)[1] == []


def test_maintenance():
    token = su("alice@lab.test")[1]["authKey"]
    key = call("PUT", "/api/auth/keys?displayName=m", key=token)[1]["sid"]
    assert call("PUT", "/api/system/installation/state/_maintenance", key=token)[0] == 403
    assert call("PUT", "/api/system/installation/state/_maintenance")[0] == 200
    assert call("GET", "/api/system/installation/state", key="")[1] == "CORE_STATE_MAINTENANCE"
    assert call("GET", "/api/auth/ping", key=token)[0] == 403 and call("GET", "/api/auth/ping", key=key)[0] == 200
    denied = login("alice@lab.test")
    assert denied["status"] == "Bad" and "maintenance mode" in denied["message"] and refused("alice", key)
    assert login("admin0@global.virt")["status"] == "Ok"
    assert call("DELETE", "/api/system/installation/state/_maintenance")[0] == 200
    assert call("GET", "/api/system/installation/state", key="")[1] == "CORE_STATE_RUNNING"
    imap("alice", key).logout()
    assert call("DELETE", "/api/auth/keys/" + key, key=key)[0] == 200


def user(how, what, domain=DOMAIN):
    return call("GET", "/api/users/%s/%s" % (domain, how % urllib.parse.quote(what, safe="")))


def test_users_by_anything():
    uid, external = sql("SELECT ci.uid, ci.external_id FROM t_domain_user u JOIN t_container_item ci"
                        " ON ci.id = u.item_id WHERE login = 'erin'", database="bj")[0]
    assert "/" in external
    found = [user(how, what) for how, what in (("byLogin/%s", "erin"), ("byEmail/%s", "e.martin@other.test"),
                                               ("byExtId/%s", external), ("%s/complete", uid))]
    assert all(status == 200 and item == found[0][1] for status, item in found), found
    item = found[0][1]
    assert item["uid"] == uid and item["externalId"] == external and item["displayName"] == "Erin"
    assert {"address": "erin@lab.test", "allAliases": False, "isDefault": True} in item["value"]["emails"]
    assert {"address": "e.martin@" + DOMAIN, "allAliases": True, "isDefault": False} in item["value"]["emails"]
    for how, what in ("byLogin/%s", "nosuch"), ("byEmail/%s", "team@lab.test"), ("byEmail/%s", "staff@lab.test"), \
            ("byExtId/%s", "ad://none"), ("%s/complete", "none"), ("byLogin/%s", "olga"):
        assert user(how, what) == (204, None), what
    assert user("byLogin/%s", "erin", "lab.test")[0] == 404  # the uid of the domain, not a name
    uids = call("GET", "/api/users/%s/_alluids" % DOMAIN)[1]
    assert uid in uids and entry_uid("archie") in uids and len(uids) == len(set(uids)) >= 18
    assert "hasMail" in call("GET", "/api/users/%s/%s/roles" % (DOMAIN, uid))[1]


def test_two_domains():
    domains = {item["uid"]: item["value"] for item in call("GET", "/api/domains")[1]}
    assert domains["global.virt"]["global"] and domains[DOMAIN]["aliases"] == ["lab.test", "other.test"]
    second = call("GET", "/api/domains/_lookup?name=second.test")[1]
    assert second["uid"] != DOMAIN and second["value"] == domains[second["uid"]]
    assert call("GET", "/api/domains/" + second["uid"])[1] == second
    assert call("GET", "/api/domains/_lookup?name=nowhere.test") == (204, None)
    assert second["value"]["defaultAlias"] == (None if TEXT_GUID else "second.test")
    one, other = user("byLogin/%s", "paul")[1], user("byLogin/%s", "paul", second["uid"])[1]
    assert one["uid"] != other["uid"] and other["value"]["emails"][0]["address"] == "paul@second.test"
    last = SERVERS.index(other["value"]["dataLocation"])
    assert last == len(SERVERS) - 1
    session = imaplib.IMAP4(mail_host(last), int(ENV["BMLAB_IMAP_PORT"]))
    session.login("paul@" + second["uid"], "secret")
    uid = append(session, "INBOX", message("in the second domain"))[1]
    wait_for(lambda: sql("SELECT 1 FROM t_container s JOIN t_container_item i ON i.container_id = s.id"
                         " JOIN t_mailbox_replica m ON m.item_id = i.id WHERE s.uid = 'subtree_%s!user.%s'"
                         " AND m.name = 'INBOX' AND m.last_uid = %d"
                         % (second["uid"].replace(".", "_"), other["uid"], uid), last))
    session.logout()


def test_mailboxes_and_entries():
    base = "/api/mailboxes/%s/" % DOMAIN
    share = call("GET", base + "_byemail?email=team%40lab.test")[1]
    assert share["value"]["type"] == "mailshare" and call("GET", base + "_byname?name=team")[1] == share
    assert call("GET", base + "%s/complete" % share["uid"])[1] == share
    quinn = call("GET", base + "_byemail?email=quinn%40lab.test")[1]
    assert quinn["value"]["quota"] == 200 and quinn["uid"] == entry_uid("quinn")
    assert call("GET", base + "_byemail?email=nosuch%40lab.test") == (204, None)
    entry = call("GET", "/api/directory/%s/_byEmail/staff%%40lab.test" % DOMAIN)[1]
    assert entry["kind"] == "GROUP" and call("GET", "/api/directory/%s/entry-uid/%s" % (DOMAIN, entry["entryUid"]))[1] == entry
    assert call("GET", "/api/directory/%s/_byEmail/archie%%40lab.test" % DOMAIN)[1]["archived"] is True


def test_rest_and_sql_agree():
    """What the importer may ask of SQL or of REST is the same."""
    servers = {item["uid"]: item["value"] for item in call("GET", "/api/servers/default/_complete")[1]}
    assert sorted(servers) == sorted(SERVERS) and all("bm/pgsql-data" in s["tags"] for s in servers.values())
    rows = sql("SELECT ci.uid, u.login, u.routing, u.archived, de.datalocation, ci.external_id"
               " FROM t_domain_user u JOIN t_container_item ci ON ci.id = u.item_id"
               " JOIN t_directory_entry de ON de.item_id = ci.id JOIN t_container c ON c.id = ci.container_id"
               " WHERE c.uid = '%s'" % DOMAIN, database="bj")
    assert {row[1] for row in rows} >= {"alice", "bob", "u1", "adele", "nora"}
    for uid, login_name, routing, archived, server, external in rows:
        item = user("%s/complete", uid)[1]
        value = item["value"]
        assert (value["login"], value["routing"], value["archived"], value["dataLocation"], item["externalId"]) == \
            (login_name, routing, archived == "t", server, external), item
        subtree = "subtree_%s!user.%s" % (DOMAIN.replace(".", "_"), uid)
        status, container = call("GET", "/api/containers/_manage/_ifPresentLight/" + urllib.parse.quote(subtree, safe=""))
        known = sql("SELECT id FROM t_container WHERE uid = '%s'" % subtree, SERVERS.index(server))
        if known:
            assert container["internalId"] == int(known[0][0]) and container["datalocation"] == server
            assert container["type"] == "replicated_mailboxes" and container["owner"] == uid
        else:
            assert (status, container) == (204, None) and login_name in ("sven", "xavier"), login_name


def test_directory():
    for address in "erin@lab.test", "erin.martin@other.test", "e.martin@lab.test", "E.Martin@other.test":
        status, user = call("GET", "/api/users/%s/byEmail/%s" % (DOMAIN, urllib.parse.quote(address)))
        assert status == 200 and user["value"]["login"] == "erin", address
    assert call("GET", "/api/users/%s/byEmail/team%%40lab.test" % DOMAIN) == (204, None)
    assert call("GET", "/api/users/%s/byLogin/xavier" % DOMAIN)[1]["value"]["routing"] == "external"
    assert call("GET", "/api/users/%s/byLogin/simone" % DOMAIN)[1]["value"]["accountType"] == "SIMPLE"
    assert call("GET", "/api/domains/_lookup?name=other.test")[1]["uid"] == DOMAIN
    assert len(call("GET", "/api/servers/default/_complete")[1]) == len(SERVERS)
    assert "message_size_limit" in call("GET", "/api/configuration")[1]["values"]
    assert not sql("SELECT * FROM t_container_location WHERE container_uid LIKE '%%%s'" % entry_uid("sven"),
                   database="bj")
    status, quota = call("GET", "/api/mailboxes/%s/%s/_quota" % (DOMAIN, entry_uid("quinn")))
    assert status == 200 and quota["quota"] == 200


run_cases(globals())
