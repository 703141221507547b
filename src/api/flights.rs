//! Package flights.

use crate::api::ensure::{Ensured, create_or_find};
use crate::api::list::List;
use crate::api::submissions::Submissions;
use crate::api::{applications, delete, document, encode, get, optional, received_id};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::http::request::Path;
use crate::http::request::Request;
use crate::id::{ApplicationId, FlightId};
use crate::model::flight::{Flight, NewFlight};
use crate::model::flight_submission::FlightSubmission;
use crate::model::receipt::Receipt;
use crate::service::Service;

/// The package flights of an app.
///
/// Documented at <https://learn.microsoft.com/windows/uwp/monetize/manage-flights>.
///
/// ```no_run
/// # async fn run(client: msstore::StoreClient) -> Result<(), Box<dyn std::error::Error>> {
/// use msstore::model::NewFlight;
/// use msstore::ApplicationId;
///
/// let flights = client.flights("9NBLGGH4R315".parse::<ApplicationId>()?);
/// let flight = flights.create_or_find(NewFlight::new("Insiders").group_id("1152921504606962205")).await?;
/// println!("{}", flight.document.id()?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Flights {
    service: Service,
    app: Path,
}

impl Flights {
    pub(crate) fn new(service: Service, app: &ApplicationId) -> Self {
        Self {
            service,
            app: applications::path(app),
        }
    }

    fn path(&self, flight: &FlightId) -> Path {
        self.app.clone().then("flights").id("{flightId}", flight)
    }

    /// Lists the flights of the app: `GET applications/{applicationId}/listflights`.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/get-flights-for-an-app>. The service answers 404 for an
    /// app without flights; the app is read then, so that an unknown app is an error and not an empty list.
    pub fn list(&self) -> List<Flight> {
        List::new(
            self.service.clone(),
            self.app.clone().then("listflights"),
            Some(self.app.clone()),
        )
    }

    /// Returns a flight: `GET applications/{applicationId}/flights/{flightId}`.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/get-a-flight>.
    ///
    /// # Errors
    ///
    /// [`Error::is_not_found`](crate::Error::is_not_found) if the app has no such flight; 400 if the id is no GUID; 409 if the
    /// app uses a feature that the API does not support.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call; nothing is changed at the service.
    pub async fn get(&self, flight: impl Into<FlightId>) -> Result<Document<Flight>> {
        get(&self.service, self.path(&flight.into())).await
    }

    /// Like [`get`](Self::get), but returns `None` for a flight that is not there.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), but for 404.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub async fn get_opt(&self, flight: impl Into<FlightId>) -> Result<Option<Document<Flight>>> {
        optional(self.get(flight).await)
    }

    /// Creates a flight: `POST applications/{applicationId}/flights`. The service may start its first submission with it.
    /// Sent once: see [`create_or_find`](Self::create_or_find).
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/create-a-flight>.
    ///
    /// # Errors
    ///
    /// 400 if the request is not valid, 409 if the state of the app does not allow it. After
    /// [`Outcome::MaybeApplied`](crate::Outcome::MaybeApplied) the flight may be there.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the flight created.
    pub async fn create(&self, new: NewFlight) -> Result<Document<Flight>> {
        check(&new)?;
        let path = self.app.clone().then("flights");
        let json = self
            .service
            .json(Request::post(path).with_body(encode("the new flight", &new)?))
            .await?;
        let id = received_id(&json, "flightId", "the id of a flight")?;
        document(json, self.path(&id).text())
    }

    /// Creates a flight unless the app has one of this name; after an ambiguous outcome it looks for up to 60 s, until the
    /// flight is listed and can be read, and never sends twice. `adopted` says whether it was there, or turned up after an
    /// answer that was lost.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), [`list`](Self::list) and [`get`](Self::get).
    ///
    /// # Cancel safety
    ///
    /// As [`create`](Self::create); run it again.
    pub async fn create_or_find(&self, new: NewFlight) -> Result<Ensured<Flight>> {
        check(&new)?;
        let is_it = |flight: &Flight| flight.flight_id.clone().filter(|_| flight.friendly_name == new.friendly_name);
        let (list, create) = (|| self.list().top(100), self.create(new.clone()));
        let read = |id, by| async move { get(&self.service.by(by), self.path(&id)).await };
        create_or_find(&self.service, list, is_it, create, read).await
    }

    /// Deletes a flight: `DELETE applications/{applicationId}/flights/{flightId}`.
    ///
    /// Documented at <https://learn.microsoft.com/windows/uwp/monetize/delete-a-flight>.
    ///
    /// # Errors
    ///
    /// 404 if it is not there, 409 if it cannot be deleted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave the flight deleted.
    pub async fn delete(&self, flight: impl Into<FlightId>) -> Result<Receipt> {
        delete(&self.service, self.path(&flight.into())).await
    }

    /// Returns a handle for the submissions of a flight.
    pub fn submissions(&self, flight: impl Into<FlightId>) -> Submissions<FlightSubmission> {
        Submissions::new(self.service.clone(), self.path(&flight.into()))
    }
}

fn check(new: &NewFlight) -> Result<()> {
    if new.friendly_name.trim().is_empty() {
        return Err(Error::invalid("the name of the flight", "it is empty"));
    }
    Ok(())
}
