//! What tells of the value beside it, and how it may be written.

use super::*;

/// `["mysql", "--password", "…"]`: arguments of a command, on the wire and in JSON in strings.
#[test]
fn a_flag_tells_of_the_argument_behind_it() {
    let secret = "xK9vQ2mLr7Tz4b";
    let mut value = json!({"command": ["tool", "--db-password", secret, "--api-key", secret, "-x", "--token"], "n": ["z"]});
    for depth in 0..4 {
        let seen = seen("openai", &json!({"input": [{"type": "function_call", "arguments": value}]}));
        assert!(!seen.contains(secret) && seen.matches("<pl:").count() == 2, "{depth}: {seen}");
        value = json!(value.to_string());
    }
    // No other string is an argument of it.
    let others = json!({"a": ["--password", 1], "b": ["xK9vQ2mLr7Tz4b", "--password"], "c": [["--password"], [secret]]});
    assert_eq!(seen("generic", &others), others.to_string());
}

/// `{"name": "DB_PASSWORD", "value": "…"}`, as clusters, tools and clouds write variables.
#[test]
fn a_member_may_say_the_name_of_another() {
    let secret = "xK9vQ2mLr7Tz4b";
    let mut value = json!({"env": [
        {"name": "DB_PASSWORD", "value": secret},
        {"name": "LANG", "value": "C.UTF-8"},
        {"Key": "api_key", "Value": secret},
        {"ParameterKey": "AdminPassword", "ParameterValue": secret},
    ]});
    for depth in 0..4 {
        let seen = seen("openai", &json!({"input": [{"type": "function_call", "arguments": value}]}));
        assert!(!seen.contains(secret) && seen.matches("<pl:").count() == 3, "{depth}: {seen}");
        assert!(seen.contains("C.UTF-8"));
        value = json!(value.to_string());
    }
    let others =
        json!([{"name": "password", "type": "value", "value": secret}, {"name": "password", "x": secret}]);
    assert_eq!(seen("generic", &others), others.to_string());
}

/// A name tells of its value however it is spelt, at every depth.
#[test]
fn names_may_be_spelt_with_escapes() {
    let secret = "xK9vQ2mLr7Tz4b";
    let names = [r"password", r"pass\u0077ord", r"\u0070assword", r"api\u005fkey", r"passwor\u0064"];
    for name in names {
        let mut body = format!(r#"{{"{name}":"{secret}","b":"c"}}"#);
        for depth in 0..3 {
            let seen = scan("generic", Some("application/json"), body.as_bytes()).unwrap();
            let seen = String::from_utf8(seen).unwrap();
            assert!(!seen.contains(secret), "{depth}: {seen}");
            body = serde_json::json!({ "input": body }).to_string();
        }
    }
}

/// As some senders write it: all that is not ASCII by its number.
fn in_ascii(body: &str) -> String {
    let mut units = [0; 2];
    let spelt = |unit: &u16| format!("\\u{unit:04x}");
    let character = |it: char| match it.is_ascii() {
        true => it.to_string(),
        false => it.encode_utf16(&mut units).iter().map(spelt).collect(),
    };
    body.chars().map(character).collect()
}

#[test]
fn names_of_other_languages_tell_too() {
    let secret = "xK9vQ2mLr7Tz4b";
    let names = [
        "contraseña",
        "CONTRASEÑA",
        "senha",
        "DB_SENHA",
        "пароль",
        "Пароль",
        "ПАРОЛЬ",
        "密码",
        "パスワード",
        "비밀번호",
        "wachtwoord",
        "hasło",
        "Hasło",
        "DB_HASŁO",
        "HASLO",
        "Heslo",
        "DB_HESLO",
        "Parola",
        "PAROLA",
    ];
    for name in names {
        let member = format!(r#"{{"{name}":"{secret}","b":"c"}}"#);
        let text = json!({ "text": format!("{name}: {secret}\n") }).to_string();
        for mut body in [member, text] {
            for depth in 0..3 {
                for body in [body.clone(), in_ascii(&body)] {
                    let seen = scan("generic", Some("application/json"), body.as_bytes()).unwrap();
                    let seen = String::from_utf8(seen).unwrap();
                    assert!(!seen.contains(secret), "{depth}: {seen}");
                }
                body = json!({ "input": body }).to_string();
            }
            // The sender of the inner text was one of those.
            let inner = json!({ "arguments": in_ascii(&body) }).to_string();
            let seen = scan("generic", Some("application/json"), inner.as_bytes()).unwrap();
            assert!(!String::from_utf8(seen).unwrap().contains(secret), "{inner}");
        }
    }
}

/// A URL goes on behind a letter that is spelt by its number.
#[test]
fn letters_in_urls_may_be_spelt() {
    let url = "postgres://bob:h\u{142}aslo123@db/x";
    for inner in [json!({ "dsn": url }).to_string(), json!({ "dsn": [url] }).to_string()] {
        let body = json!({ "arguments": in_ascii(&inner) }).to_string();
        let seen = scan("generic", Some("application/json"), body.as_bytes()).unwrap();
        let seen = String::from_utf8(seen).unwrap();
        assert!(!seen.contains("aslo123"), "{seen}");
    }
}

/// Names that end in what is a verb elsewhere, and values that hold what is code elsewhere.
#[test]
fn what_seems_a_label_or_code_may_be_a_password() {
    for (text, secret) in [
        ("VCENTER_PASSWORD=xK9vQ2mLr7Tz4b\n", "xK9vQ2mLr7Tz4b"),
        ("creditPassword: \"xK9vQ2mLr7Tz4b\"\n", "xK9vQ2mLr7Tz4b"),
        ("datacenter_password: xK9vQ2mLr7Tz4b\n", "xK9vQ2mLr7Tz4b"),
        ("SECRET_KEY=p7k2&&v9m!x4w@q8z^r5t*b3nh6j-y1c_f0d+g9s\n", "p7k2&&v9m"),
        ("DB_PASSWORD=Tr0ub4dor&&3xQ\n", "Tr0ub4dor"),
        ("DB_PASSWORD=!1Qaz2wsxEDC\n", "1Qaz2wsxEDC"),
        ("账号：root，密码：xK9vQ2mLr7\n", "xK9vQ2mLr7"),
        ("旧密码：abc，新密码：xK9vQ2mLr7\n", "xK9vQ2mLr7"),
        ("db_edit_password=xK9vQ2mLr7Tz4b\n", "xK9vQ2mLr7Tz4b"),
        ("REMEMBER_PASSWORD=xK9vQ2mLr7Tz4b\n", "xK9vQ2mLr7Tz4b"),
        ("{\"know_password\": \"xK9vQ2mLr7Tz4b\"}", "xK9vQ2mLr7Tz4b"),
        ("db:15433:*:app:xK9vQ2mLr7\n", "xK9vQ2mLr7"),
        ("db1:5433:*:app:xK9vQ2mLr7\n", "xK9vQ2mLr7"),
    ] {
        let seen = seen("anthropic", &message(json!(text)));
        assert!(!seen.contains(secret), "{seen}");
    }
}

/// What cannot be seen at the ends of a name does not make it another.
#[test]
fn names_may_have_more_at_their_ends_than_is_seen() {
    let secret = "xK9vQ2mLr7Tz4b";
    let many = r"\t".repeat(70);
    let names = [
        r"password\t",
        r"\tpassword",
        r"\napi_key\r\n",
        r"token\u0000",
        r"\u0000token",
        r"secret\u200b",
        r"\ufeffsecret",
        "api_key\u{a0}",
        "\u{200b}access_token ",
        "  password  ",
        r"\bclient_secret\f",
        &format!("token{}", " ".repeat(100)),
        &format!("{many}token{many}"),
    ];
    for name in names {
        let mut body = format!(r#"{{"{name}":"{secret}","b":"c"}}"#);
        for depth in 0..3 {
            let seen = scan("generic", Some("application/json"), body.as_bytes()).unwrap();
            let seen = String::from_utf8(seen).unwrap();
            assert!(!seen.contains(secret), "{depth}: {seen}");
            body = json!({ "input": body }).to_string();
        }
    }
}

/// The name of a field tells of its value as a member's name does, in forms, queries and multipart bodies.
#[test]
fn names_of_fields_tell_of_their_values() {
    let secret = "xK9vQ2mLr7Tz4b";
    let form = format!("grant_type=x&client_secret={secret}&pass%77ord={secret}&page_token=qW8eR5tY2uI9oP3");
    let seen =
        scan("generic", Some("application/x-www-form-urlencoded"), form.as_bytes()).expect("scannable");
    let seen = String::from_utf8(seen).expect("UTF-8");
    assert_eq!(seen.matches("%3Cpl%3A").count(), 2, "{seen}");
    let part = |name: &str| format!("--B\r\nContent-Disposition: form-data; name={name}\r\n\r\n{secret}\r\n");
    let body = part("\"api_key\"") + &part("password") + "--B--\r\n";
    let seen = scan("generic", Some("multipart/form-data; boundary=B"), body.as_bytes()).expect("scannable");
    assert!(!String::from_utf8_lossy(&seen).contains(secret), "{}", String::from_utf8_lossy(&seen));
    let query = format!("password={secret}");
    let seen =
        with_tokenizer(|tokenizer| tokenizer.query(&query).expect("scannable").apply(query.as_bytes()));
    assert!(seen.starts_with(b"password=%3Cpl%3A"));
}

/// What one place of a body tells is no secret less in another: the placeholder that the model put into a command
/// comes back as the password, with no name beside it.
#[test]
fn what_is_told_in_one_place_is_hidden_in_all() {
    let secret = "xK9vQ2mLr7Tz4b";
    let command = format!("sshpass -f <(echo {secret}) ssh host && cat {secret}.txt");
    for telling in [
        json!({"type": "text", "text": format!("DB_PASSWORD={secret}\n")}),
        json!({"type": "tool_result", "tool_use_id": "t", "content": json!({"password": secret}).to_string()}),
        json!({"type": "tool_use", "id": "t", "name": "n", "input": {"api_key": secret}}),
        json!({"type": "text", "text": format!("postgres://app:{secret}@db.example.org/app")}),
    ] {
        let elsewhere = json!([
            {"type": "tool_use", "id": "u", "name": "Bash", "input": {"command": command}},
            {"type": "tool_use", "id": "v", "name": "Write", "input": {"content": json!({"x": [secret]}).to_string()}},
            {"type": "text", "text": format!("it prints\n{secret}\n")},
            {"type": "text", "text": "x", "citations": [{(secret): "a"}]},
        ]);
        for body in [
            json!({"messages": [{"content": [telling]}, {"content": elsewhere}]}),
            json!({"messages": [{"content": elsewhere}, {"content": [telling]}]}),
        ] {
            let seen = seen("anthropic", &body);
            assert!(!seen.contains(secret), "{seen}");
            let placeholders: Vec<_> = seen
                .match_indices("<pl:")
                .map(|(at, _)| &seen[at..=at + seen[at..].find('>').expect("an end")])
                .collect();
            assert_eq!(placeholders.len(), 6, "{seen}");
            assert!(placeholders.iter().all(|it| *it == placeholders[0]), "{seen}");
            assert!(!placeholders[0].contains("KNOWN_VALUE"), "{seen}");
        }
    }
    // Many of them, and in other formats.
    let secrets: Vec<_> = (10..40).map(|number| format!("xK9vQ2mLr7Tz{number}")).collect();
    let told: String = secrets.iter().map(|secret| format!("PASSWORD={secret}\n")).collect();
    let seen = seen("openai", &json!({"messages": [{"content": told}, {"content": secrets.join(" and ")}]}));
    assert!(secrets.iter().all(|secret| !seen.contains(secret)), "{seen}");
    let form = scan(
        "generic",
        Some("application/x-www-form-urlencoded"),
        format!("a=password%3D{secret}&b={secret}").as_bytes(),
    );
    assert!(!String::from_utf8_lossy(&form.expect("scannable")).contains(secret));
    // A word is a word elsewhere.
    let body = json!({"messages": [{"content": "password: hunter2x"}, {"content": "some hunter, hunter2 and hunters"}]});
    assert!(self::seen("anthropic", &body).contains("some hunter, hunter2 and hunters"));
}
