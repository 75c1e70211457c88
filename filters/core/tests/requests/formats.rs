//! Bodies that are no JSON document, and those that are refused.

use super::*;

#[test]
fn broken_bodies_are_refused_not_passed() {
    let json = Some("application/json");
    for body in
        [&b"{\"a\":"[..], b"{\"a\": \"AK", b"not json", b"\xff\xfe{\x00}\x00", b"{\"a\":\"\xff\"}", b"{} {}"]
    {
        assert!(scan("generic", json, body).is_err(), "{body:?}");
    }
    assert!(scan("generic", Some("application/pdf"), b"%PDF-1.4 \xff\xfe").is_err());
    assert!(scan("generic", Some("text/plain"), b"\xff\xfeA\x00").is_err());
    assert!(scan("generic", None, &[0x1f, 0x8b, 8, 0, 255]).is_err());
    assert!(scan("generic", json, b"").is_ok());
    assert!(scan("generic", Some("image/png"), b"\x89PNG\xff").is_ok());
}

/// A server that believes the header reads another text than the one that is scanned.
#[test]
fn a_charset_that_makes_another_text_of_it_is_refused() {
    let part = |head: &str, content: &str| format!("--B\r\n{head}\r\n\r\n{content}\r\n");
    let field = "Content-Disposition: form-data; name";
    for (content_type, body) in [
        ("application/json; charset=utf-7", r#"{"a":"+AEEASwBJAEE-"}"#.to_owned()),
        ("application/json; charset=\"UTF-16\"", "{}".to_owned()),
        ("application/x-www-form-urlencoded; charset=utf-7", "a=b".to_owned()),
        ("text/plain; charset=iso-8859-1", "\u{e9}".to_owned()),
        ("text/plain; charset=shift_jis", "a".to_owned()),
        ("application/jsonl; charset=hz-gb-2312", "{}\n".to_owned()),
        ("multipart/form-data; boundary=B", {
            part(&format!("{field}=\"a\"\r\nContent-Type: text/plain; charset=utf-7"), "x") + "--B--\r\n"
        }),
        ("multipart/form-data; boundary=B", {
            let file = format!("{field}=\"file\"; filename=\"x.jsonl\"");
            part(&format!("{file}\r\nContent-Type: application/jsonl; charset=utf-7"), "{}\n") + "--B--\r\n"
        }),
        ("multipart/form-data; boundary=B", {
            let file = format!("{field}=\"file\"; filename=\"x.jsonl\"");
            part(&format!("{file}\r\nContent-Type: text/plain, charset=utf-7"), "{}\n") + "--B--\r\n"
        }),
        ("multipart/form-data; boundary=B", {
            part(&format!("{field}=\"_charset_\""), "utf-7") + &part(&format!("{field}=a"), "x") + "--B--\r\n"
        }),
    ] {
        let scanned = scan("generic", Some(content_type), body.as_bytes());
        assert_eq!(scanned, Err(Unscannable::Charset), "{content_type}");
    }
    let file = format!("{field}=\"file\"; filename=\"x.jsonl\"");
    let lines = part(&format!("{file}\r\nContent-Type: text/plain; charset=utf-8"), "{}\n") + "--B--\r\n";
    assert!(scan("generic", Some("multipart/form-data; boundary=B"), lines.as_bytes()).is_ok());
    for content_type in ["application/json; charset=utf-8", "application/json; charset=iso-8859-1"] {
        assert!(scan("generic", Some(content_type), b"{}").is_ok());
    }
    assert!(scan("generic", Some("image/png; charset=binary"), b"\x89PNG\xff").is_ok());
}

#[test]
fn other_text_is_scanned_whatever_it_is_called() {
    let key = key();
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/octet-stream"),
        Some("application/x-yaml"),
        Some("image/png"),
    ] {
        let seen = scan("generic", content_type, format!("a: {key}\n").as_bytes()).expect("scannable");
        assert!(seen.starts_with(b"a: <pl:AWS_ACCESS_KEY:"), "{content_type:?}");
    }
    let marked = format!("\u{feff}{{\"x\": \"\\u0041KIA{}\"}}", &key[4..]);
    for content_type in [None, Some("text/plain"), Some("application/json")] {
        let seen = scan("generic", content_type, marked.as_bytes()).expect("scannable");
        assert!(String::from_utf8_lossy(&seen).contains("<pl:AWS_ACCESS_KEY:"), "{content_type:?}");
    }
    let lines = format!("{{\"body\":{{\"input\":\"{key}\"}}}}\n{{\"b\":\"\\u0041KIA{}\"}}\n", &key[4..]);
    for content_type in [Some("application/jsonl"), None, Some("text/plain")] {
        let seen = String::from_utf8(scan("openai", content_type, lines.as_bytes()).expect("scannable"))
            .expect("UTF-8");
        assert_eq!(seen.matches("<pl:").count(), 2, "{content_type:?} {seen}");
    }
}

#[test]
fn forms_and_queries_are_scanned_percent_encoded() {
    let key = key();
    let encoded: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = scan(
        "generic",
        Some("application/x-www-form-urlencoded"),
        format!("a=1&b=x%20{key}%0A&{encoded}=2").as_bytes(),
    )
    .expect("scannable");
    let form = String::from_utf8(form).expect("UTF-8");
    assert!(form.starts_with("a=1&b=x%20%3Cpl%3AAWS_ACCESS_KEY%3A") && form.ends_with("%3E=2"), "{form}");
    let query = format!("beta=true&q={key}&key={key}");
    let seen =
        with_tokenizer(|tokenizer| tokenizer.query(&query).expect("scannable").apply(query.as_bytes()));
    let seen = String::from_utf8(seen).expect("UTF-8");
    assert!(seen.starts_with("beta=true&q=%3Cpl%3A") && seen.ends_with(&format!("&key={key}")), "{seen}");
}

/// What two readers of a multipart body would read in two ways is read by none.
#[test]
fn multipart_bodies_are_read_in_one_way() {
    let body = |head: &str| format!("--B\r\n{head}\r\n\r\nx\r\n--B--\r\n");
    let field = "Content-Disposition: form-data; name=\"a\"";
    let plain = Some("multipart/form-data; boundary=B");
    for head in [
        format!(
            "{field}\r\nContent-Transfer-Encoding: binary\r\nContent-Transfer-Encoding: quoted-printable"
        ),
        format!("{field}\r\nContent-Type: text/plain;\r\n charset=utf-7"),
        format!("{field}\nContent-Type: text/plain;\n\tcharset=utf-7"),
        format!("{field}\r\nContent-Transfer-Encoding:\r\n base64"),
        format!("{field}\r\nContent-Type: text/plain\r\ncontent-type: application/json"),
    ] {
        assert!(scan("generic", plain, body(&head).as_bytes()).is_err(), "{head}");
    }
    let once = body(&format!("{field}\r\nContent-Type: text/plain\r\nContent-Type: text/plain"));
    assert!(scan("generic", plain, once.as_bytes()).is_ok());
    for twice in
        ["multipart/form-data; boundary=B; boundary=C", "multipart/form-data; boundary=B; boundary*=C"]
    {
        assert!(scan("generic", Some(twice), once.as_bytes()).is_err(), "{twice}");
    }
}

/// What a decoder does with a broken `%` is to leave it; the letter behind it is not eaten.
#[test]
fn a_broken_percent_sign_hides_nothing() {
    let query = format!("q=%+{}&r=%{}", key(), key());
    let seen =
        with_tokenizer(|tokenizer| tokenizer.query(&query).expect("scannable").apply(query.as_bytes()));
    assert!(!String::from_utf8_lossy(&seen).contains("FAKEFAKE"), "{}", String::from_utf8_lossy(&seen));
}

#[test]
fn multipart_bodies_nest_a_little() {
    let mut body = b"x".to_vec();
    let mut content_type = "text/plain".to_owned();
    for depth in 0..2000 {
        let head = format!("--B{depth}\r\nContent-Type: {content_type}\r\n\r\n");
        body = [head.as_bytes(), &body, format!("\r\n--B{depth}--\r\n").as_bytes()].concat();
        content_type = format!("multipart/mixed; boundary=B{depth}");
        if depth == 2 {
            assert!(scan("openai", Some(&content_type), &body).is_ok());
        }
    }
    assert!(scan("openai", Some(&content_type), &body).is_err());
}

#[test]
fn multipart_parts_are_scanned_by_their_own_type() {
    let key = key();
    let part =
        |head: &str, content: &[u8]| [b"--B\r\n", head.as_bytes(), b"\r\n\r\n", content, b"\r\n"].concat();
    let file = |name: &str| format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
    let whole = |parts: &[Vec<u8>]| [parts.concat(), b"--B--\r\n".to_vec()].concat();
    let content_type = Some("multipart/form-data; boundary=\"B\"");
    let escaped = format!("\\u0041KIA{}", &key[4..]);
    let body = whole(&[
        part("Content-Disposition: form-data; name=\"purpose\"", b"user_data"),
        part(&file("a.txt"), key.as_bytes()),
        part(&file(&key), b"x"),
        part(
            &(file("b.jsonl") + "\r\nContent-Type: application/octet-stream"),
            format!("{{\"a\":\"{escaped}\"}}\n{{}}\n").as_bytes(),
        ),
        part(&(file("c.png") + "\r\nContent-Type: image/png"), b"\x89PNG\xff\x00"),
    ]);
    let seen = scan("openai", content_type, &body).expect("scannable");
    let seen = String::from_utf8_lossy(&seen);
    assert!(!seen.contains(&key) && !seen.contains(&escaped), "{seen}");
    assert_eq!(seen.matches("<pl:AWS_ACCESS_KEY:").count(), 3, "{seen}");
    for broken in [
        whole(&[part(&(file("d.pdf") + "\r\nContent-Type: application/pdf"), b"%PDF\xff\x00")]),
        whole(&[part(&(file("e") + "\r\nContent-Transfer-Encoding: base64"), b"eHh4")]),
        part(&file("f"), b"no end"),
        b"nothing like it".to_vec(),
    ] {
        assert!(scan("openai", content_type, &broken).is_err(), "{}", String::from_utf8_lossy(&broken));
    }
    assert!(scan("openai", Some("multipart/form-data"), &body).is_err());
}
