//! Error answers in Notion's shape (section 1.3).

use serde_json::{Value, json};

/// The id of the connection itself, which every 404 carries (section 10.1).
const INTEGRATION: &str = "2f1c8a60-5b7e-80d4-9a13-0037c6e0b5d1";

/// An error answer: status, code, message and, where Notion gives some, more data.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub additional: Option<Value>,
}

impl Refusal {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            code,
            message: message.into(),
            additional: None,
        }
    }

    pub fn with(mut self, additional: Value) -> Refusal {
        self.additional = Some(additional);
        self
    }

    pub fn validation(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "validation_error", message)
    }

    /// The style seen in the wild: the path of the offending value comes first.
    pub fn body(path: &str, rule: &str) -> Refusal {
        Refusal::validation(format!("body failed validation: body.{path} {rule}."))
    }

    pub fn not_found(what: &str, id: impl std::fmt::Display) -> Refusal {
        Refusal::new(
            404,
            "object_not_found",
            format!(
                "Could not find {what} with ID: {id}. Make sure the relevant pages and databases \
                 are shared with your integration \"Backup\"."
            ),
        )
        .with(json!({"integration_id": INTEGRATION}))
    }

    pub fn no_user(id: impl std::fmt::Display) -> Refusal {
        Refusal::new(
            404,
            "object_not_found",
            format!(
                "Could not find user with ID: {id}. Make sure your integration has capabilities \
                 to read user information. With those capabilities, only members and guests in \
                 the integration's workspace are visible."
            ),
        )
        .with(json!({"integration_id": INTEGRATION}))
    }

    pub fn restricted(message: &str) -> Refusal {
        Refusal::new(403, "restricted_resource", message)
    }

    pub fn url() -> Refusal {
        Refusal::new(400, "invalid_request_url", "Invalid request URL.")
    }

    /// The body of the answer.
    pub fn to_json(&self, request_id: &str) -> Value {
        let mut body = json!({"object": "error", "status": self.status, "code": self.code,
                              "message": self.message, "request_id": request_id});
        if let Some(additional) = &self.additional {
            body["additional_data"] = additional.clone();
        }
        body
    }
}
